import type { Clock } from '../../../store/index.ts';
import type { DaemonError } from '../../errors.ts';
import type { Logger } from '../../logging.ts';
import { type Dial, dialUntil, isRefusal, timedOut } from '../dialling/index.ts';
import type { Notices } from '../notices.ts';
import type { KnownPeers } from './known-peers.ts';
import type { DiscoveryOptions } from './options.ts';

export interface PeerDialsInit {
  readonly dial: Pick<Dial, 'dial'>;
  readonly known: Pick<KnownPeers, 'addressesOf'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly notices: Notices;
  readonly options: DiscoveryOptions;
}

/** Dials discovered peers, one address after the other. */
export class PeerDials {
  readonly #init: PeerDialsInit;
  readonly #running = new Map<string, AbortController>();

  constructor(init: PeerDialsInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#running.size;
  }

  has(peer: string): boolean {
    return this.#running.has(peer);
  }

  /** Resolves with the address where the peer was reached, or null; never rejects. */
  async dial(peer: string): Promise<string | null> {
    const { clock, options } = this.#init;
    const controller = new AbortController();
    const timeout = clock.after(options.dialTimeoutMs, () => controller.abort(timedOut(peer)));
    this.#running.set(peer, controller);
    try {
      return await this.#tryAll(peer, controller.signal);
    } finally {
      timeout();
      this.#running.delete(peer);
    }
  }

  stop(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  async #tryAll(peer: string, signal: AbortSignal): Promise<string | null> {
    for (const address of this.#init.known.addressesOf(peer)) {
      try {
        await dialUntil(this.#init.dial, `${address}/p2p/${peer}`, signal);
        return address;
      } catch (error) {
        this.#say(peer, address, error as DaemonError);
        // A refusal is the word of the peer itself: its other addresses lead to the same answer.
        if (signal.aborted || isRefusal(error as DaemonError)) return null;
      }
    }
    return null;
  }

  /** A dead address is no news: nodes announce all addresses that they listen on. */
  #say(peer: string, address: string, error: DaemonError): void {
    const { code, message } = error;
    if (isRefusal(error)) this.#init.notices.sayOf(peer, address, code, message);
    else this.#init.logger.debug({ code, address, peer }, message);
  }
}
