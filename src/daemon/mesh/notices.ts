import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { BoundedMap, type Clock } from '../../store/index.ts';
import type { Logger } from '../logging.ts';

export interface NoticesInit {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Called with the code of each event, repeats included.
   * @default none
   */
  readonly noticed?: ((code: string) => void) | undefined;
  /**
   * Least milliseconds between two lines about the same event. Raising it makes repeats rarer in the
   * log.
   * @default 60_000
   */
  readonly repeatMs?: number;
  /**
   * Events remembered; the event that came longest ago makes room.
   * @default 1_024
   */
  readonly maxRemembered?: number;
}

export interface Notice {
  /** Stable name of the event. */
  readonly code: string;
  /** The other side, named alike each time: a peer id, or an address without its port. */
  readonly remote: string;
  /** Further fields of the line. */
  readonly fields?: Record<string, unknown>;
  readonly message: string;
}

/** Logs an event with a remote once at `warn`, and its repeats at `debug`, with a count. */
export class Notices {
  readonly #init: NoticesInit;
  readonly #repeatMs: number;
  readonly #said: BoundedMap<string, { repeats: number; loggedAt: number }>;

  constructor(init: NoticesInit) {
    this.#init = init;
    this.#repeatMs = init.repeatMs ?? 60_000;
    this.#said = new BoundedMap(init.maxRemembered ?? 1_024);
  }

  say(notice: Notice): void {
    const { clock, logger, noticed } = this.#init;
    noticed?.(notice.code);
    const key = `${notice.code} ${notice.remote}`;
    const fields = { code: notice.code, ...notice.fields };
    const now = clock.monotonic();
    const said = this.#said.get(key);
    const repeats = said === undefined ? 0 : said.repeats + 1;
    const silent = said !== undefined && now - said.loggedAt < this.#repeatMs;
    if (said === undefined) logger.warn(fields, notice.message);
    else if (!silent) logger.debug({ ...fields, repeats }, notice.message);
    this.#said.set(key, silent ? { ...said, repeats } : { repeats: 0, loggedAt: now });
  }

  /** Likewise, with the peer id and an address as fields. */
  sayOf(peer: PeerId | string, address: Multiaddr | string, code: string, message: string): void {
    const fields = { peer: `${peer}`, address: `${address}` };
    this.say({ code, remote: fields.peer, fields, message });
  }

  /** The next event with the remote is news again, or that of each code alone. */
  forget(remote: string, codes?: readonly string[]): void {
    for (const key of this.#said.keys()) {
      if (!key.endsWith(` ${remote}`)) continue;
      if (codes?.includes(key.slice(0, -remote.length - 1)) ?? true) this.#said.delete(key);
    }
  }
}
