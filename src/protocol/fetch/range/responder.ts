import { compareBounds, ID_BYTES, type RangeInit, type RangePage } from '../../../store/index.ts';
import { AnswerSender, type AnswerSenderInit } from '../answer-sender.ts';
import type { FetchOptions } from '../options.ts';
import { decodeRangeRequest, encodeEnd, type RangeQuery } from './codec.ts';
import { PART_BYTES, PART_ITEMS, SENT_PART_ITEMS } from './constants.ts';
import { packItems } from './item-packer.ts';
import { partsOf } from './page-parts.ts';
import { partDigest } from './part-digest.ts';

/** The first items of a range; see `Replica.range`. */
export type ServeRange = (init: RangeInit) => Promise<RangePage>;

export interface RangeResponderInit extends AnswerSenderInit {
  serveRange: ServeRange;
  options: Pick<FetchOptions, 'requestTimeoutMs' | 'writeTimeoutMs' | 'maxIdsPerRequest'>;
  /** Called with the payload bytes of each part. */
  sent: (bytes: number) => void;
}

/** Memory of a page: its records as they are read, and the frame that is made of them. */
const PAGE_MEMORY: number = 2 * PART_BYTES;

/** Answers one request for a range: reads a page at a time, and sends it in parts. */
export class RangeResponder {
  readonly #init: RangeResponderInit;
  readonly #sender: AnswerSender;

  constructor(init: RangeResponderInit) {
    this.#init = init;
    this.#sender = new AnswerSender(init);
  }

  /** Rejects if the request stays without a whole answer. */
  async run(): Promise<void> {
    const { options } = this.#init;
    const frame = await this.#sender.receive();
    if (frame === null) return;
    const query = decodeRangeRequest(frame);
    let { lower } = query;
    for (let left = options.maxIdsPerRequest; left > 0; ) {
      await this.#sender.paid();
      const { ids, end } = await this.#sender.holdingPage(PAGE_MEMORY, {
        read: () => this.#read({ ...query, lower }, Math.min(PART_ITEMS, left)),
        send: (page) => this.#sendPage(query, page),
      });
      left -= ids.length / ID_BYTES;
      lower = end;
      if (compareBounds(lower, query.upper) >= 0) break;
    }
    await this.#sender.close();
  }

  async #sendPage(query: RangeQuery, page: RangePage): Promise<void> {
    for (const part of partsOf(page, SENT_PART_ITEMS)) await this.#sendPart(query, part);
  }

  async #sendPart({ nonce }: RangeQuery, part: RangePage): Promise<void> {
    const frames = packItems(part);
    for (;;) {
      const { done, value: frame } = await this.#sender.inTurn(() => frames.next());
      if (done === true) break;
      await this.#send(frame);
    }
    const { ids, end, records } = part;
    const digest = await this.#sender.inTurn(() => partDigest(nonce, ids));
    await this.#send(encodeEnd({ count: ids.length / ID_BYTES, digest, end }));
    this.#init.sent(
      records.reduce((sum, one) => sum + ('payload' in one ? one.payload.length : 0), 0),
    );
  }

  #read({ lower, upper, maxBytes }: RangeQuery, maxItems: number): Promise<RangePage> {
    const limits = { maxItems, maxBytes: PART_BYTES, maxItemBytes: maxBytes };
    const inTurn: RangeInit['inTurn'] = (slice) => this.#sender.inTurn(slice);
    const passedOver: RangeInit['passedOver'] = (bytes) => this.#sender.passedOver(bytes);
    return this.#init.serveRange({ lower, upper, ...limits, inTurn, passedOver });
  }

  async #send(frame: Uint8Array): Promise<void> {
    await this.#sender.send([frame]);
    await this.#sender.trafficPaid();
  }
}
