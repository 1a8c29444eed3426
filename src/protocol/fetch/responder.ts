import type { Served, ServeLimits } from '../../store/index.ts';
import { ProtocolError } from '../errors.ts';
import { AnswerSender, type AnswerSenderInit } from './answer-sender.ts';
import {
  decodeRequest,
  encodeAbsent,
  encodeChunks,
  encodeItem,
  encodeLarge,
  type ItemQuery,
} from './codec.ts';
import { CHUNK_BYTES } from './constants.ts';
import type { FetchOptions } from './options.ts';

/** Answers the first of `ids`, in order, at least one; see `Replica.serve`. */
export type Serve = (ids: readonly Uint8Array[], limits: ServeLimits) => Promise<readonly Served[]>;

export interface ResponderInit extends AnswerSenderInit {
  serve: Serve;
  options: FetchOptions;
  /** Called with the payload bytes of each write. */
  sent: (bytes: number) => void;
}

/**
 * Least bytes of answers in one write: short items one by one would cost a multiple. Twice as many
 * still fit one message of Noise.
 */
const WRITE_BYTES = 28 * 1024;

/** Memory of short answers that are read together: they make a write, or are a single frame. */
const SHORT_BYTES = 2 * CHUNK_BYTES;

interface ShortAnswers {
  readonly answered: number;
  /** Payload bytes of the item behind them, which needs memory of its own; 0: none. */
  readonly longBytes: number;
}

/** Answers one request, a few items at a time. */
export class Responder {
  readonly #init: ResponderInit;
  readonly #sender: AnswerSender;
  #asked = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(init: ResponderInit) {
    this.#init = init;
    this.#sender = new AnswerSender(init);
  }

  /** Rejects if a request stays without a whole answer. */
  async run(): Promise<void> {
    for (let asked = await this.#next(); asked !== null; asked = await this.#next()) {
      for (let ids = asked.ids; ids.length > 0; ) {
        await this.#sender.paid();
        const { answered, longBytes } = await this.#sender.holding(SHORT_BYTES, () =>
          this.#short(ids, asked.maxBytes),
        );
        if (longBytes > 0) await this.#long(ids[answered]!, longBytes, asked.maxBytes);
        ids = ids.slice(answered + (longBytes > 0 ? 1 : 0));
      }
      await this.#flush();
    }
    await this.#sender.close();
  }

  async #next(): Promise<ItemQuery | null> {
    const { options } = this.#init;
    const frame = await this.#sender.receive();
    if (frame === null) return null;
    const asked = decodeRequest(frame, { maxIds: options.maxIdsPerFrame });
    this.#asked += asked.ids.length;
    if (this.#asked <= options.maxIdsPerRequest) return asked;
    throw new ProtocolError(
      'BUDGET_SPENT',
      `a request asks for more than ${options.maxIdsPerRequest} ids`,
    );
  }

  /** Answers ids until the first whose payload is long; tells how long that is. */
  async #short(ids: readonly Uint8Array[], maxBytes: number): Promise<ShortAnswers> {
    const served = await this.#serve(ids, Math.min(maxBytes, CHUNK_BYTES));
    for (const [i, answer] of served.entries()) {
      const length = answer === undefined || 'payload' in answer ? 0 : answer.length;
      if (length > 0 && length <= maxBytes) return { answered: i, longBytes: length };
      await this.#answer(ids[i]!, answer);
    }
    return { answered: served.length, longBytes: 0 };
  }

  /** Waits for memory before the payload is read. */
  async #long(id: Uint8Array, bytes: number, maxBytes: number): Promise<void> {
    await this.#flush();
    await this.#sender.holding(bytes, async () => {
      const [served] = await this.#serve([id], maxBytes);
      await this.#answer(id, served);
      await this.#flush();
    });
  }

  async #serve(ids: readonly Uint8Array[], maxItemBytes: number): Promise<readonly Served[]> {
    const limits = { maxItemBytes, maxBytes: WRITE_BYTES };
    const served = await this.#sender.inTurn(() => this.#init.serve(ids, limits));
    if (served.length > 0 && served.length <= ids.length) return served;
    throw new TypeError(`${served.length} answers to ${ids.length} ids`);
  }

  #answer(id: Uint8Array, served: Served): Promise<void> | undefined {
    if (served === undefined) this.#add(encodeAbsent(id));
    else if (!('payload' in served)) this.#add(encodeLarge(id, served.length));
    else {
      const { length } = served.payload;
      this.#add(encodeItem(served));
      this.#init.sent(Math.min(length, CHUNK_BYTES));
      if (length > CHUNK_BYTES) return this.#rest(served.payload);
    }
    return this.#waitingBytes >= WRITE_BYTES ? this.#flush() : undefined;
  }

  async #rest(payload: Uint8Array): Promise<void> {
    await this.#flush();
    for (const frame of encodeChunks(payload)) {
      this.#add(frame);
      await this.#flush();
      this.#init.sent(frame.length - 1);
      await this.#sender.trafficPaid();
    }
  }

  #add(frame: Uint8Array): void {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
  }

  async #flush(): Promise<void> {
    const frames = this.#waiting;
    if (frames.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#sender.send(frames);
  }
}
