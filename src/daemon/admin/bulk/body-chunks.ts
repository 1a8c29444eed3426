import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../store/index.ts';
import { AdminError } from '../errors.ts';
import { GONE } from '../streaming.ts';

export interface BodyChunksInit {
  readonly clock: Clock;
  /** Milliseconds without a byte after which the body counts as given up. */
  readonly silentMs: number;
  /** Aborted when the endpoint closes. */
  readonly closing: AbortSignal;
}

/**
 * A body that is read as it comes, a chunk at a time: its sender waits meanwhile. It listens to the request only
 * while a chunk is awaited, so that the rest can be dropped: a stream with a reader does not flow.
 */
export class BodyChunks {
  readonly #request: IncomingMessage;
  readonly #init: BodyChunksInit;

  constructor(request: IncomingMessage, init: BodyChunksInit) {
    this.#request = request;
    this.#init = init;
  }

  /**
   * The next chunk, or null at the end. Rejects with `REQUEST_TIMEOUT` where none comes in time or the client
   * leaves, and with the reason of `closing`.
   */
  next(): Promise<Uint8Array | null> {
    const { clock, silentMs, closing } = this.#init;
    const request = this.#request;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | null>();
    // Before the promise settles: a chunk that is read once it has settled would be lost.
    const leave = (): void => {
      cancel();
      for (const event of EVENTS) request.off(event, look);
      closing.removeEventListener('abort', stop);
    };
    const look = (): void => {
      const chunk: Uint8Array | null = request.destroyed ? null : request.read();
      if (chunk === null && !request.readableEnded && !request.destroyed) return;
      leave();
      if (chunk !== null || request.readableEnded) resolve(chunk);
      else reject(GONE);
    };
    const fail = (reason: unknown): void => {
      leave();
      reject(reason);
    };
    const stop = (): void => fail(closing.reason);
    const cancel = clock.after(silentMs, () => fail(silent(silentMs)));
    for (const event of EVENTS) request.on(event, look);
    closing.addEventListener('abort', stop, { once: true });
    if (closing.aborted) stop();
    else look();
    return promise;
  }
}

const EVENTS = ['readable', 'end', 'close'] as const;

function silent(ms: number): AdminError {
  return new AdminError(
    'REQUEST_TIMEOUT',
    `no byte of the body came in ${ms} ms: send the rest again`,
  );
}
