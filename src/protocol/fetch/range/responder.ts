import { compareBounds, ID_BYTES, type RangeInit, type RangePage } from '../../../store/index.ts';
import type { Turns } from '../../budgets/index.ts';
import type { AnswerMemory } from '../answer-memory.ts';
import { AnswerSender, type AnswerSenderInit } from '../answer-sender.ts';
import type { FetchOptions } from '../options.ts';
import { decodeRangeRequest, encodeEnd, type RangeQuery } from './codec.ts';
import { PART_BYTES, PART_ITEMS } from './constants.ts';
import { packItems } from './item-packer.ts';
import { partDigest } from './part-digest.ts';

/** The first items of a range; see `Replica.range`. */
export type ServeRange = (init: RangeInit) => Promise<RangePage>;

export interface RangeResponderInit extends AnswerSenderInit {
  serveRange: ServeRange;
  options: Pick<FetchOptions, 'requestTimeoutMs' | 'writeTimeoutMs' | 'maxIdsPerRequest'>;
  /** Held before payloads are read, until the transport has taken them. */
  memory: AnswerMemory;
  /** Shares the turns of the event loop among the reads of all answers. */
  turns: Pick<Turns, 'run'>;
  /** Called with the payload bytes of each part. */
  sent: (bytes: number) => void;
}

/** Memory of a part: its records as they are read, and the frame that is made of them. */
const PART_MEMORY: number = 2 * PART_BYTES;

/** Answers one request for a range, a part at a time. */
export class RangeResponder {
  readonly #init: RangeResponderInit;
  readonly #sender: AnswerSender;

  constructor(init: RangeResponderInit) {
    this.#init = init;
    this.#sender = new AnswerSender(init);
  }

  /** Rejects if the request stays without a whole answer. */
  async run(): Promise<void> {
    const { channel, options, memory } = this.#init;
    const frame = await this.#sender.receive();
    if (frame === null) return;
    const query = decodeRangeRequest(frame);
    let { lower } = query;
    for (let left = options.maxIdsPerRequest; left > 0; ) {
      await this.#sender.paid();
      const { ids, end } = await memory.holding(channel, PART_MEMORY, () =>
        this.#part({ ...query, lower }, left),
      );
      left -= ids.length / ID_BYTES;
      lower = end;
      if (compareBounds(lower, query.upper) >= 0) break;
    }
    await this.#sender.close();
  }

  async #part(query: RangeQuery, left: number): Promise<RangePage> {
    const page = await this.#read(query, Math.min(PART_ITEMS, left));
    for (const frame of packItems(page)) await this.#send(frame);
    const { ids, end, records } = page;
    const digest = partDigest(query.nonce, ids);
    await this.#send(encodeEnd({ count: ids.length / ID_BYTES, digest, end }));
    this.#init.sent(
      records.reduce((sum, one) => sum + ('payload' in one ? one.payload.length : 0), 0),
    );
    return page;
  }

  async #read({ lower, upper, maxBytes }: RangeQuery, maxItems: number): Promise<RangePage> {
    const { turns, serveRange, channel } = this.#init;
    const limits = { maxItems, maxBytes: PART_BYTES, maxItemBytes: maxBytes };
    return await turns.run(() => {
      channel.broken.throwIfAborted();
      return this.#sender.working(() => serveRange({ lower, upper, ...limits }));
    });
  }

  async #send(frame: Uint8Array): Promise<void> {
    await this.#sender.send([frame]);
    await this.#sender.trafficPaid();
  }
}
