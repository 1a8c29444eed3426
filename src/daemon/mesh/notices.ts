import { BoundedMap, type Clock } from '../../store/index.ts';
import type { Logger } from '../logging.ts';

export interface NoticesInit {
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Least milliseconds between two lines about the same thing once it has been said. Raising it
   * makes repeats rarer in the log.
   * @default 60_000
   */
  readonly repeatMs?: number;
  /**
   * Things remembered as said; the one untouched longest makes room.
   * @default 1_024
   */
  readonly maxRemembered?: number;
}

export interface Notice {
  /** Stable name of what happened. */
  readonly code: string;
  /** Whom it happened with, the same each time: a peer id, an address without its port. */
  readonly remote: string;
  /** More fields of the line. */
  readonly fields?: Record<string, unknown>;
  readonly message: string;
}

/** Says a thing about a remote once at `warn`, and that it goes on at `debug`, with a count. */
export class Notices {
  readonly #init: NoticesInit;
  readonly #repeatMs: number;
  readonly #said: BoundedMap<string, { repeats: number; lastAt: number }>;

  constructor(init: NoticesInit) {
    this.#init = init;
    this.#repeatMs = init.repeatMs ?? 60_000;
    this.#said = new BoundedMap(init.maxRemembered ?? 1_024);
  }

  say(notice: Notice): void {
    const { clock, logger } = this.#init;
    const key = `${notice.code} ${notice.remote}`;
    const fields = { code: notice.code, ...notice.fields };
    const said = this.#said.get(key);
    if (said === undefined) {
      this.#said.set(key, { repeats: 0, lastAt: clock.monotonic() });
      logger.warn(fields, notice.message);
      return;
    }
    this.#said.set(key, said);
    said.repeats++;
    if (clock.monotonic() - said.lastAt < this.#repeatMs) return;
    logger.debug({ ...fields, repeats: said.repeats }, notice.message);
    said.repeats = 0;
    said.lastAt = clock.monotonic();
  }

  /** What is said about the remote next is news again. */
  forget(remote: string): void {
    for (const key of this.#said.keys()) {
      if (key.endsWith(` ${remote}`)) this.#said.delete(key);
    }
  }
}
