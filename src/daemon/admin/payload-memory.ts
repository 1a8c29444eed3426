import type { FastifyReply } from 'fastify';
import { ByteBudget } from '../../protocol/index.ts';
import type { Clock } from '../../store/index.ts';
import { AdminError } from './errors.ts';
import type { AdminBounds } from './options.ts';

export interface PayloadMemoryInit {
  clock: Clock;
  bounds: Pick<AdminBounds, 'answerBytes' | 'answerWaitMs'>;
}

/** Shorter payloads are bounded by `maxRequests`, so that they need not wait for long ones. */
const LONG_BYTES = 64 * 1024;

const TAKEN = new AdminError(
  'BUSY',
  'answers that other clients have not read take up the memory for payloads; try again in a minute',
);

/** The memory of payloads in answers to all clients together, until the clients have them or are gone. */
export class PayloadMemory {
  readonly #init: PayloadMemoryInit;
  readonly #budget: ByteBudget;

  constructor(init: PayloadMemoryInit) {
    this.#init = init;
    const { answerBytes } = init.bounds;
    this.#budget = new ByteBudget({ totalBytes: answerBytes, holderBytes: answerBytes });
  }

  /** Resolves once the payload may be read for this answer. Rejects with `BUSY` without room in time. */
  async hold({ raw, request }: FastifyReply, bytes: number): Promise<void> {
    if (bytes <= LONG_BYTES) return;
    const { clock, bounds } = this.#init;
    const given = new AbortController();
    const giveUp = () => given.abort(TAKEN);
    const cancel = clock.after(bounds.answerWaitMs, giveUp);
    raw.once('close', giveUp);
    const release = await this.#budget.take(request.ip, bytes, given.signal).finally(cancel);
    if (raw.closed) release();
    else raw.once('close', release);
  }
}
