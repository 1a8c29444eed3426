import type { FastifyReply } from 'fastify';
import { ByteBudget, watchHolder } from '../../protocol/index.ts';
import type { Clock } from '../../store/index.ts';
import { AdminError } from './errors.ts';
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

const UNREAD = new AdminError(
  'BUSY',
  'answers that other clients have not read take up the memory for payloads; try again in a minute',
);
const UNSENT = new AdminError(
  'BUSY',
  'payloads that other clients send take up the memory for them; try again in a minute',
);
const STREAMING = new AdminError(
  'BUSY',
  'exports and lists of ids of other clients take up the memory for them; try again in a minute',
);
interface PayloadMemories {
  readonly answers: PayloadMemory;
  readonly bodies: PayloadMemory;
  /** Of exports and of lists of ids. */
  readonly reads: PayloadMemory;
}

export function payloadMemories(init: { clock: Clock; bounds: AdminBounds }): PayloadMemories {
  const { clock, bounds } = init;
  return {
    answers: new PayloadMemory({ clock, bounds, totalBytes: bounds.answerBytes, full: UNREAD }),
    bodies: new PayloadMemory({ clock, bounds, totalBytes: bounds.bodyBytes, full: UNSENT }),
    reads: new PayloadMemory({ clock, bounds, totalBytes: bounds.readBytes, full: STREAMING }),
  };
}

function nothing(): void {}
