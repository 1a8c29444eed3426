import type { Clock } from '../../store/index.ts';
import { ByteBudget, watchHolder } from '../budgets/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Knows } from '../knows.ts';
import type { Channel } from '../network/index.ts';
import { CHUNK_BYTES } from './constants.ts';
import type { FetchOptions } from './options.ts';

export interface AnswerMemoryInit {
  clock: Clock;
  options: Pick<FetchOptions, 'answerBytes' | 'answerBytesPerSecond' | 'maxItemBytes'>;
  /**
   * Peers that a quarter of the memory is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
}

/** Pages that are read at a time for all peers, each of which may meet an item of any length. */
const PAGES_READ = 2;

/** A page of a range: how it is read, and how it is sent. */
export interface PageAnswer<Page> {
  read(): Promise<Page>;
  send(page: Page): Promise<void>;
}

/**
 * The memory that answers to all peers together hold: an answer holds its part until the transport has
 * taken its last byte. Short answers have a part of their own, so that they need not wait for long ones.
 */
export class AnswerMemory {
  readonly #init: AnswerMemoryInit;
  readonly #short: ByteBudget;
  readonly #long: ByteBudget;
  readonly #read: ByteBudget;

  constructor(init: AnswerMemoryInit) {
    this.#init = init;
    const { answerBytes, maxItemBytes } = init.options;
    const shortBytes = Math.ceil(answerBytes / 4);
    const budget = (totalBytes: number, holderBytes: number): ByteBudget =>
      new ByteBudget({ ...init, totalBytes, holderBytes });
    this.#short = budget(shortBytes, shortBytes);
    this.#long = budget(answerBytes - shortBytes, answerBytes / 2);
    this.#read = budget(PAGES_READ * maxItemBytes, maxItemBytes);
  }

  /** The part of the memory that answers hold now, 0 to 1. */
  get usedRatio(): number {
    return (this.#short.usedBytes + this.#long.usedBytes) / this.#init.options.answerBytes;
  }

  /** Runs `answer` once its bytes fit; rejects with the error of the channel if that breaks first. */
  async holding<T>(channel: Channel, bytes: number, answer: () => Promise<T>): Promise<T> {
    const budget = this.#budgetFor(bytes);
    return held(budget, channel, bytes, () => this.#watched(channel, budget, answer));
  }

  /**
   * Likewise for a page that takes `bytes`. Where it meets a long item, all of it is read, only to tell how long
   * it is. So a peer has one page read at a time, and all peers have few.
   */
  async holdingPage<Page>(
    channel: Channel,
    bytes: number,
    { read, send }: PageAnswer<Page>,
  ): Promise<Page> {
    const budget = this.#budgetFor(bytes);
    const { maxItemBytes } = this.#init.options;
    return held(budget, channel, bytes, async () => {
      const page = await held(this.#read, channel, maxItemBytes, read);
      await this.#watched(channel, budget, () => send(page));
      return page;
    });
  }

  #budgetFor(bytes: number): ByteBudget {
    return bytes > 2 * CHUNK_BYTES ? this.#long : this.#short;
  }

  async #watched<T>(channel: Channel, budget: ByteBudget, send: () => Promise<T>): Promise<T> {
    const unwatch = this.#watch(channel, budget);
    try {
      return await send();
    } finally {
      unwatch();
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

/** Runs `work` with bytes of a budget, which it gives back in any case. */
async function held<T>(
  budget: ByteBudget,
  { peer, broken }: Channel,
  bytes: number,
  work: () => Promise<T>,
): Promise<T> {
  const release = await budget.take(peer, bytes, broken);
  try {
    return await work();
  } finally {
    release();
  }
}
