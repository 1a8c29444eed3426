import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../store/index.ts';
import { AdminError } from '../errors.ts';

export interface BodyChunksInit {
  readonly clock: Clock;
  /** Milliseconds without a byte after which the body counts as given up. */
  readonly silentMs: number;
  /** Aborted when the endpoint closes. */
  readonly closing: AbortSignal;
}

/** A body that is read as it comes, a chunk at a time: its sender waits meanwhile. */
export class BodyChunks {
  readonly #init: BodyChunksInit;
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(request: IncomingMessage, init: BodyChunksInit) {
    this.#init = init;
    this.#chunks = request.iterator({ destroyOnReturn: false });
  }

  /**
   * The next chunk, or null at the end. Rejects with `REQUEST_TIMEOUT` where none comes in time, and with the
   * reason of `closing`.
   */
  next(): Promise<Uint8Array | null> {
    const { clock, silentMs, closing } = this.#init;
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        cancel();
        closing.removeEventListener('abort', stop);
      };
      const fail = (reason: unknown): void => {
        settled();
        reject(reason);
      };
      const stop = (): void => fail(closing.reason);
      const cancel = clock.after(silentMs, () => fail(silent(silentMs)));
      if (closing.aborted) return stop();
      closing.addEventListener('abort', stop, { once: true });
      this.#chunks.next().then(({ done, value }) => {
        settled();
        resolve(done === true ? null : value);
      }, fail);
    });
  }
}

function silent(ms: number): AdminError {
  return new AdminError(
    'REQUEST_TIMEOUT',
    `no byte of the body came in ${ms} ms: send the rest again`,
  );
}
