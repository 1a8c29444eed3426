import { bytesToKey, type Clock, type VerifiedItem } from '../../store/index.ts';
import type { TrafficMeter } from '../budgets/index.ts';
import { within } from '../deadline.ts';
import { messageOf, ProtocolError, type ProtocolErrorCode, unexpected } from '../errors.ts';
import type { Limiter, Release } from '../limiter.ts';
import type { Channel } from '../network/index.ts';
import { AnswerReader } from './answer-reader.ts';
import { encodeRequest } from './codec.ts';
import type { FetchOptions } from './options.ts';
import type { FetchOutcome, FetchReport, FetchRequest } from './report.ts';
import { StallGuard } from './stall-guard.ts';

export interface RequesterInit {
  request: FetchRequest;
  options: FetchOptions;
  clock: Clock;
  limiter: Limiter;
  open: (signal: AbortSignal) => Promise<Channel>;
  received: (bytes: number) => void;
  /** Charged with what comes; the next answers are read once it is paid for. */
  traffic: TrafficMeter | undefined;
}

/** Bytes of answers taken in at once: a bound on the memory of one request. */
const TOGETHER_BYTES = 64 * 1024;

const INVALID: ReadonlySet<ProtocolErrorCode> = new Set<ProtocolErrorCode>([
  'MALFORMED_FRAME',
  'FRAME_TOO_LARGE',
  'UNEXPECTED_FRAME',
  'INVALID_BYTES',
  'ITEM_TOO_LARGE',
]);

/** One request to one peer, from the first frame to the report. */
export class Requester {
  readonly #init: RequesterInit;
  readonly #ids: readonly Uint8Array[];
  readonly #reader: AnswerReader;
  readonly #guard: StallGuard;
  readonly #over = new AbortController();
  readonly #maxBytes: number;
  readonly #absent: Uint8Array[] = [];
  readonly #large: { readonly id: Uint8Array; readonly length: number }[] = [];
  #channel: Channel | undefined;
  #chargedBytes = 0;
  #items = 0;

  constructor(init: RequesterInit) {
    this.#init = init;
    this.#ids = [...new Map(init.request.ids.map((id) => [bytesToKey(id), id])).values()];
    const { maxItemBytes } = init.options;
    this.#maxBytes = Math.min(init.request.maxBytes ?? maxItemBytes, maxItemBytes);
    this.#reader = new AnswerReader({ ids: this.#ids, maxBytes: this.#maxBytes }, init.options);
    this.#guard = new StallGuard(init.options);
  }

  /** Never rejects. */
  async run(): Promise<FetchReport> {
    const { signal } = this.#init.request;
    const callOff = (): void =>
      this.abort(new ProtocolError('ABORTED', 'the request was called off'));
    signal?.addEventListener('abort', callOff, { once: true });
    if (signal?.aborted === true) callOff();
    try {
      if (!this.#reader.done) await this.#request();
      return this.#report('complete', null);
    } catch (error) {
      return this.#report(outcome(error), error);
    } finally {
      signal?.removeEventListener('abort', callOff);
    }
  }

  abort(error: ProtocolError): void {
    this.#over.abort(error);
    this.#channel?.abort(error);
  }

  async #request(): Promise<void> {
    const { options, limiter } = this.#init;
    if (this.#ids.length > options.maxIdsPerRequest) {
      throw new ProtocolError(
        'BUDGET_SPENT',
        `${this.#ids.length} ids in a request: ask for at most ${options.maxIdsPerRequest}`,
      );
    }
    let release: Release | undefined;
    try {
      release = await limiter.take(this.#over.signal);
      await this.#pay(0);
      this.#channel = await this.#open();
      await this.#converse(this.#channel);
    } finally {
      release?.();
    }
  }

  async #open(): Promise<Channel> {
    const { clock, options, open } = this.#init;
    const { openTimeoutMs: ms } = options;
    const { signal } = this.#over;
    const expire = (): void =>
      this.#over.abort(new ProtocolError('TIMEOUT', `no stream opened within ${ms} ms`));
    const channel = await within({ clock, ms, expire }, () => open(signal));
    if (signal.aborted) channel.abort(signal.reason);
    return channel;
  }

  /** Requests go out while answers come in: neither side ever waits for the other to read. */
  async #converse(channel: Channel): Promise<void> {
    const asking = this.#ask(channel).catch((error) => channel.abort(asProtocolError(error)));
    try {
      while (!this.#reader.done) {
        const first = await this.#next(channel);
        if (first === null) {
          throw new ProtocolError('STREAM_CLOSED', 'the stream closed before the last answer');
        }
        await this.#take([first, ...channel.ready(TOGETHER_BYTES)]);
        await this.#pay(channel.receivedBytes);
      }
      await this.#end(channel);
    } catch (error) {
      channel.abort(asProtocolError(error));
      throw error;
    } finally {
      await asking;
    }
  }

  /** `received`: bytes of the stream so far. No wait here is a stall of the peer. */
  async #pay(received: number): Promise<void> {
    const { traffic, request } = this.#init;
    if (traffic === undefined) return;
    const bytes = received - this.#chargedBytes;
    this.#chargedBytes = received;
    const paid = traffic.pay('download', request.peer, bytes, this.#over.signal);
    await (request.onWait?.(paid) ?? paid);
  }

  async #ask(channel: Channel): Promise<void> {
    const { maxIdsPerFrame } = this.#init.options;
    for (let at = 0; at < this.#ids.length; at += maxIdsPerFrame) {
      const ids = this.#ids.slice(at, at + maxIdsPerFrame);
      await channel.send(encodeRequest({ ids, maxBytes: this.#maxBytes }));
    }
    await channel.close();
  }

  async #next(channel: Channel): Promise<Uint8Array | null> {
    const { clock, options } = this.#init;
    const expire = (): void =>
      channel.abort(
        new ProtocolError('STALLED', `no progress in ${options.stallTimeoutMs} ms of waiting`),
      );
    const begin = clock.monotonic();
    try {
      return await within({ clock, ms: this.#guard.remainingMs, expire }, () => channel.receive());
    } finally {
      this.#guard.waited(clock.monotonic() - begin);
    }
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
      this.#guard.gained(bytes, answered);
      this.#init.received(bytes);
      this.#init.request.onProgress?.(bytes);
    }
  }

  /** Everything is answered: only a frame too many can still spoil it. */
  async #end(channel: Channel): Promise<void> {
    let extra: Uint8Array | null;
    try {
      extra = await this.#next(channel);
    } catch (error) {
      if (outcome(error) === 'invalid') throw error;
      return;
    }
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
      error: error === null ? null : describe(error),
    };
  }
}

/** `onItems` failed: our own fault, whatever the error is. */
class ConsumerError extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

function outcome(error: unknown): FetchOutcome {
  if (!(error instanceof ProtocolError)) return 'failed';
  if (error.code === 'STALLED') return 'stalled';
  return INVALID.has(error.code) ? 'invalid' : 'failed';
}

function describe(error: unknown): { code: string; message: string } {
  const origin = error instanceof ConsumerError ? error.cause : error;
  const code = origin instanceof Error && 'code' in origin ? String(origin.code) : 'INTERNAL';
  return { code, message: messageOf(origin) };
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError('ABORTED', messageOf(error), { cause: error });
}
