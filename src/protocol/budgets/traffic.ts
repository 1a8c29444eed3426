import { type Clock, invariant } from '../../store/index.ts';
import { TokenBuckets } from './token-buckets.ts';

/** As this node sees it: what goes to peers, or what comes from them. */
export type TrafficDirection = 'upload' | 'download';

/** Bytes a second; 0: no limit. */
export interface TrafficRates {
  /** To all peers together. */
  readonly upload: number;
  readonly download: number;
  /** To each peer. */
  readonly peerUpload: number;
  readonly peerDownload: number;
}

/** What `Traffic` needs. */
export interface TrafficInit {
  clock: Clock;
  rates: TrafficRates;
}

/** What a service charges its bytes to. */
export type TrafficMeter = Pick<Traffic, 'charge' | 'pay' | 'debtMs' | 'bounds'>;

/** Seconds whose bytes may go at once: a short frame that comes alone does not wait. */
const BURST_SECONDS = 0.25;
const ALL = '';

interface Accounts {
  readonly all: TokenBuckets | null;
  readonly peers: TokenBuckets | null;
}

/**
 * The bytes that replication moves, over all peers and with each of them. Bytes are charged when they go or
 * come, and the next ones wait until they are paid for.
 */
export class Traffic {
  readonly #clock: Clock;
  readonly #bytes: Record<TrafficDirection, number> = { upload: 0, download: 0 };
  readonly #waitedMs: Record<TrafficDirection, number> = { upload: 0, download: 0 };
  #rates: TrafficRates;
  #accounts: Readonly<Record<TrafficDirection, Accounts>>;
  /** Ends the waits for payment. */
  readonly #waiting = new Set<() => void>();

  constructor({ clock, rates }: TrafficInit) {
    this.#clock = clock;
    this.#rates = rates;
    this.#accounts = this.#opened(rates);
  }

  get rates(): TrafficRates {
    return this.#rates;
  }

  /** Bytes charged since the start, and milliseconds for which streams have waited, over all of them. */
  get totals(): {
    readonly bytes: Readonly<Record<TrafficDirection, number>>;
    readonly waitedMs: Readonly<Record<TrafficDirection, number>>;
  } {
    return { bytes: { ...this.#bytes }, waitedMs: { ...this.#waitedMs } };
  }

  /** Takes other rates from now on. All debts are forgotten, and nothing waits for the rates before. */
  change(rates: TrafficRates): void {
    this.#rates = rates;
    this.#accounts = this.#opened(rates);
    for (const end of this.#waiting) end();
  }

  /** For bytes that cannot wait; those that can wait pay for them too. */
  charge(direction: TrafficDirection, peer: string, bytes: number): void {
    invariant(bytes >= 0, 'session', 'TRAFFIC_BYTES', [direction, bytes]);
    this.#bytes[direction] += bytes;
    const { all, peers } = this.#accounts[direction];
    all?.charge(ALL, bytes);
    peers?.charge(peer, bytes);
  }

  /**
   * Charges bytes, and resolves once they and all charged before are paid for: first come, first served.
   * Rejects with the signal's reason if that comes first; the bytes stay charged.
   */
  async pay(
    direction: TrafficDirection,
    peer: string,
    bytes: number,
    signal: AbortSignal,
  ): Promise<void> {
    this.charge(direction, peer, bytes);
    signal.throwIfAborted();
    const ms = this.debtMs(direction, peer);
    if (ms === 0) return;
    const begin = this.#clock.monotonic();
    await this.#wait(ms, signal);
    this.#waitedMs[direction] += this.#clock.monotonic() - begin;
    signal.throwIfAborted();
  }

  /** Whether any rate bounds the direction. */
  bounds(direction: TrafficDirection): boolean {
    const { all, peers } = this.#accounts[direction];
    return all !== null || peers !== null;
  }

  /** Milliseconds until all peers together owe nothing, and this one owes nothing. */
  debtMs(direction: TrafficDirection, peer: string | null): number {
    const { all, peers } = this.#accounts[direction];
    const own = peer === null ? 0 : (peers?.debtMs(peer) ?? 0);
    return Math.max(all?.debtMs(ALL) ?? 0, own);
  }

  /** Ends early when the rates change, and when the signal aborts. */
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      signal.addEventListener('abort', end, { once: true });
      this.#waiting.add(end);
    });
  }

  #opened({ upload, download, peerUpload, peerDownload }: TrafficRates) {
    const account = (perSecond: number): TokenBuckets | null =>
      perSecond === 0
        ? null
        : new TokenBuckets({ clock: this.#clock, perSecond, burstSeconds: BURST_SECONDS });
    return {
      upload: { all: account(upload), peers: account(peerUpload) },
      download: { all: account(download), peers: account(peerDownload) },
    };
  }
}
