import { bytesToKey, type VerifiedItem } from '../../store/index.ts';
import { ProtocolError, unexpected } from '../errors.ts';
import type { Channel } from '../network/index.ts';
import { AnswerReader } from './answer-reader.ts';
import { encodeRequest } from './codec.ts';
import type { FetchOutcome, FetchReport, FetchRequest } from './report.ts';
import {
  asProtocolError,
  ConsumerError,
  describeError,
  outcomeOf,
  RequestStream,
  type RequestStreamInit,
} from './request-stream.ts';

export interface RequesterInit extends Omit<RequestStreamInit, 'peer' | 'signal' | 'onWait'> {
  request: FetchRequest;
  received: (bytes: number) => void;
}

/** One request to one peer, from the first frame to the report. */
export class Requester {
  readonly #init: RequesterInit;
  readonly #ids: readonly Uint8Array[];
  readonly #reader: AnswerReader;
  readonly #stream: RequestStream;
  readonly #maxBytes: number;
  readonly #absent: Uint8Array[] = [];
  readonly #large: { readonly id: Uint8Array; readonly length: number }[] = [];
  #items = 0;

  constructor(init: RequesterInit) {
    this.#init = init;
    this.#ids = [...new Map(init.request.ids.map((id) => [bytesToKey(id), id])).values()];
    const { maxItemBytes } = init.options;
    this.#maxBytes = Math.min(init.request.maxBytes ?? maxItemBytes, maxItemBytes);
    this.#reader = new AnswerReader({ ids: this.#ids, maxBytes: this.#maxBytes }, init.options);
    const { peer, signal, onWait } = init.request;
    this.#stream = new RequestStream({ ...init, peer, signal, onWait });
  }

  /** Never rejects. */
  async run(): Promise<FetchReport> {
    try {
      if (!this.#reader.done) await this.#request();
      return this.#report('complete', null);
    } catch (error) {
      return this.#report(outcomeOf(error), error);
    }
  }

  abort(error: ProtocolError): void {
    this.#stream.abort(error);
  }

  async #request(): Promise<void> {
    const { options } = this.#init;
    if (this.#ids.length > options.maxIdsPerRequest) {
      throw new ProtocolError(
        'BUDGET_SPENT',
        `${this.#ids.length} ids in a request: ask for at most ${options.maxIdsPerRequest}`,
      );
    }
    await this.#stream.run((channel) => this.#converse(channel));
  }

  /** Requests go out while answers come in: neither side ever waits for the other to read. */
  async #converse(channel: Channel): Promise<void> {
    const asking = this.#ask(channel).catch((error) => channel.abort(asProtocolError(error)));
    try {
      while (!this.#reader.done) {
        const first = await this.#stream.next(channel);
        if (first === null) {
          throw new ProtocolError('STREAM_CLOSED', 'the stream closed before the last answer');
        }
        await this.#stream.takeIn(channel, first, (frames) => this.#take(frames));
      }
      await this.#end(channel);
    } catch (error) {
      channel.abort(asProtocolError(error));
      throw error;
    } finally {
      await asking;
    }
  }

  async #ask(channel: Channel): Promise<void> {
    const { maxIdsPerFrame } = this.#init.options;
    for (let at = 0; at < this.#ids.length; at += maxIdsPerFrame) {
      const ids = this.#ids.slice(at, at + maxIdsPerFrame);
      await channel.send(encodeRequest({ ids, maxBytes: this.#maxBytes }));
    }
    await channel.close();
  }

  /** Items before a wrong frame are good. */
  async #take(frames: readonly Uint8Array[]): Promise<void> {
    const items: VerifiedItem[] = [];
    try {
      this.#read(frames, items);
    } finally {
      if (items.length > 0) await this.#hand(items);
    }
  }

  async #hand(items: readonly VerifiedItem[]): Promise<void> {
    try {
      await this.#init.request.onItems(items);
    } catch (cause) {
      throw new ConsumerError(cause);
    }
    this.#items += items.length;
  }

  #read(frames: readonly Uint8Array[], items: VerifiedItem[]): void {
    const before = this.#reader.payloadBytes;
    let answered = false;
    try {
      for (const frame of frames) {
        const progress = this.#reader.read(frame);
        if (progress.kind !== 'part') answered = true;
        if (progress.kind === 'item') items.push(progress.item);
        else if (progress.kind === 'absent') this.#absent.push(progress.id);
        else if (progress.kind === 'large') {
          const { id, length } = progress;
          this.#large.push({ id, length });
        }
      }
    } finally {
      const bytes = this.#reader.payloadBytes - before;
      this.#stream.guard.gained(bytes, answered);
      this.#init.received(bytes);
      this.#init.request.onProgress?.(bytes);
    }
  }

  /** Everything is answered: only a frame too many can still spoil it. */
  async #end(channel: Channel): Promise<void> {
    const extra = await this.#stream.extra(channel);
    if (extra === null) return;
    this.#read([extra], []);
    throw unexpected('a frame behind the last answer');
  }

  #report(result: FetchOutcome, error: unknown): FetchReport {
    const { maxItemBytes } = this.#init.options;
    return {
      peer: this.#init.request.peer,
      outcome: result,
      items: this.#items,
      absent: this.#absent,
      large: this.#large.filter(({ length }) => length <= maxItemBytes),
      tooLarge: this.#large.filter(({ length }) => length > maxItemBytes).map(({ id }) => id),
      payloadBytes: this.#reader.payloadBytes,
      endedAt: this.#reader.next,
      error: error === null ? null : describeError(error),
    };
  }
}
