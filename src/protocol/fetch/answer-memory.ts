import type { Clock } from '../../store/index.ts';
import { ByteBudget, watchHolder } from '../budgets/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Knows } from '../knows.ts';
import type { Channel } from '../network/index.ts';
import { CHUNK_BYTES } from './constants.ts';
import type { FetchOptions } from './options.ts';

export interface AnswerMemoryInit {
  clock: Clock;
  options: Pick<FetchOptions, 'answerBytes' | 'answerBytesPerSecond'>;
  /**
   * Peers that a quarter of the memory is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
}

/**
 * The memory that answers to all peers together hold: an answer holds its part until the transport has
 * taken its last byte. Short answers have a part of their own, so that they need not wait for long ones.
 */
export class AnswerMemory {
  readonly #init: AnswerMemoryInit;
  readonly #short: ByteBudget;
  readonly #long: ByteBudget;

  constructor(init: AnswerMemoryInit) {
    this.#init = init;
    const { answerBytes } = init.options;
    const shortBytes = Math.ceil(answerBytes / 4);
    const budget = (totalBytes: number, holderBytes: number): ByteBudget =>
      new ByteBudget({ ...init, totalBytes, holderBytes });
    this.#short = budget(shortBytes, shortBytes);
    this.#long = budget(answerBytes - shortBytes, answerBytes / 2);
  }

  /** The part of the memory that answers hold now, 0 to 1. */
  get usedRatio(): number {
    return (this.#short.usedBytes + this.#long.usedBytes) / this.#init.options.answerBytes;
  }

  /** Runs `answer` once its bytes fit; rejects with the error of the channel if that breaks first. */
  async holding<T>(channel: Channel, bytes: number, answer: () => Promise<T>): Promise<T> {
    const budget = bytes > 2 * CHUNK_BYTES ? this.#long : this.#short;
    const release = await budget.take(channel.peer, bytes, channel.broken);
    const unwatch = this.#watch(channel, budget);
    try {
      return await answer();
    } finally {
      unwatch();
      release();
    }
  }

  #watch(channel: Channel, budget: ByteBudget): () => void {
    const { clock, options } = this.#init;
    return watchHolder({
      clock,
      budget,
      bytesPerSecond: options.answerBytesPerSecond,
      progress: () => channel.sentBytes,
      tooSlow: () => channel.abort(TOO_SLOW),
    });
  }
}

const TOO_SLOW = new ProtocolError(
  'TIMEOUT',
  'the peer takes its answer too slowly while answers to other peers wait: it may ask again',
);
