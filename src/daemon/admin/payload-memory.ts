import type { FastifyReply } from 'fastify';
import { ByteBudget, watchHolder } from '../../protocol/index.ts';
import type { Clock } from '../../store/index.ts';
import type { AdminError } from './errors.ts';
import type { AdminBounds } from './options.ts';

export interface PayloadMemoryInit {
  clock: Clock;
  bounds: Pick<AdminBounds, 'memoryWaitMs' | 'bytesPerSecond'>;
  /** Payload bytes of all clients together. */
  totalBytes: number;
  /** The refusal where there is no room in time. */
  full: AdminError;
}

/** Shorter payloads are bounded by `maxRequests`, so that they need not wait for long ones. */
export const LONG_BYTES: number = 64 * 1024;

/** The memory of payloads on their way from or to all clients together, until their requests are over. */
export class PayloadMemory {
  readonly #init: PayloadMemoryInit;
  readonly #budget: ByteBudget;

  constructor(init: PayloadMemoryInit) {
    this.#init = init;
    const { totalBytes } = init;
    this.#budget = new ByteBudget({ totalBytes, holderBytes: totalBytes });
  }

  /**
   * Resolves once the payload may be read. Rejects without room in time. A client that is slow by
   * `progress`, in bytes, loses its connection while others wait. The returned function gives the memory back
   * before the request is over.
   */
  async hold(reply: FastifyReply, bytes: number, progress: () => number): Promise<() => void> {
    if (bytes <= LONG_BYTES) return nothing;
    const { raw, request } = reply;
    const { clock, bounds, full } = this.#init;
    const given = new AbortController();
    const giveUp = () => given.abort(full);
    const cancel = clock.after(bounds.memoryWaitMs, giveUp);
    raw.once('close', giveUp);
    const release = await this.#budget
      .take(request.ip ?? 'socket', bytes, given.signal)
      .finally(() => {
        cancel();
        raw.off('close', giveUp);
      });
    if (raw.closed) {
      release();
      return nothing;
    }
    const unwatch = watchHolder({
      clock,
      budget: this.#budget,
      bytesPerSecond: bounds.bytesPerSecond,
      progress,
      tooSlow: () => request.raw.socket.destroy(),
    });
    const end = () => {
      raw.off('close', end);
      unwatch();
      release();
    };
    raw.once('close', end);
    return end;
  }
}

function nothing(): void {}
