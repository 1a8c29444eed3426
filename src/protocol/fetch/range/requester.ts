import type { Random } from '../../../store/index.ts';
import { ProtocolError, unexpected } from '../../errors.ts';
import type { Channel } from '../../network/index.ts';
import {
  asProtocolError,
  ConsumerError,
  describeError,
  outcomeOf,
  RequestStream,
  type RequestStreamInit,
} from '../request-stream.ts';
import { encodeRangeRequest, type RangeQuery } from './codec.ts';
import { MAX_STREAMED_BYTES, NONCE_BYTES } from './constants.ts';
import { PartReader } from './part-reader.ts';
import type { RangeOutcome, RangeReport, RangeRequest } from './report.ts';

export interface RangeRequesterInit extends Omit<RequestStreamInit, 'peer' | 'signal' | 'onWait'> {
  request: RangeRequest;
  random: Pick<Random, 'bytes'>;
  received: (bytes: number) => void;
}

/** One request for a range, from the first frame to the report. */
export class RangeRequester {
  readonly #init: RangeRequesterInit;
  readonly #query: RangeQuery;
  readonly #reader: PartReader;
  readonly #stream: RequestStream;
  #items = 0;

  constructor(init: RangeRequesterInit) {
    this.#init = init;
    const { peer, signal, onWait, lower, upper } = init.request;
    const maxBytes = Math.min(MAX_STREAMED_BYTES, init.options.maxItemBytes);
    this.#query = { nonce: init.random.bytes(NONCE_BYTES), lower, upper, maxBytes };
    this.#reader = new PartReader(this.#query);
    this.#stream = new RequestStream({ ...init, peer, signal, onWait });
  }

  /** Never rejects. */
  async run(): Promise<RangeReport> {
    try {
      await this.#stream.run((channel) => this.#converse(channel));
      return this.#report('complete', null);
    } catch (error) {
      return this.#report(rangeOutcomeOf(error), error);
    }
  }

  abort(error: ProtocolError): void {
    this.#stream.abort(error);
  }

  async #converse(channel: Channel): Promise<void> {
    try {
      await channel.send(encodeRangeRequest(this.#query));
      await channel.close();
      for (;;) {
        const frame = await this.#next(channel);
        if (frame === null) break;
        await this.#stream.takeIn(channel, frame, (frames) => this.#takeAll(frames));
      }
    } catch (error) {
      channel.abort(asProtocolError(error));
      throw error;
    }
    if (this.#reader.atPartEnd) return;
    throw new ProtocolError('STREAM_CLOSED', 'the stream closed within a part of the range');
  }

  /** Null at the end. */
  async #next(channel: Channel): Promise<Uint8Array | null> {
    if (!this.#reader.done) return this.#stream.next(channel);
    const extra = await this.#stream.extra(channel);
    if (extra !== null) throw unexpected('a frame behind the end of the range');
    return null;
  }

  async #takeAll(frames: readonly Uint8Array[]): Promise<void> {
    for (const frame of frames) await this.#take(frame);
  }

  async #take(frame: Uint8Array): Promise<void> {
    const { request, received } = this.#init;
    const before = this.#reader.payloadBytes;
    const part = this.#reader.read(frame);
    const bytes = this.#reader.payloadBytes - before;
    this.#stream.guard.gained(bytes, part !== null);
    received(bytes);
    request.onProgress?.(bytes);
    if (part === null) return;
    try {
      await request.onPart(part);
    } catch (cause) {
      throw new ConsumerError(cause);
    }
    this.#items += part.items.length;
  }

  #report(outcome: RangeOutcome, error: unknown): RangeReport {
    const { end, payloadBytes } = this.#reader;
    return {
      peer: this.#init.request.peer,
      outcome,
      end,
      items: this.#items,
      payloadBytes,
      error: error === null ? null : describeError(error),
    };
  }
}

function rangeOutcomeOf(error: unknown): RangeOutcome {
  const isMismatch = error instanceof ProtocolError && error.code === 'RANGE_MISMATCH';
  return isMismatch ? 'mismatch' : outcomeOf(error);
}
