import type { Clock } from '../../store/index.ts';
import type { TrafficMeter, Turns } from '../budgets/index.ts';
import { within } from '../deadline.ts';
import { messageOf, ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import type { Limiter, Release } from '../limiter.ts';
import type { Channel } from '../network/index.ts';
import type { FetchOptions } from './options.ts';
import type { FetchOutcome } from './report.ts';
import { StallGuard } from './stall-guard.ts';

export interface RequestStreamInit {
  peer: string;
  signal: AbortSignal | undefined;
  options: FetchOptions;
  clock: Clock;
  limiter: Limiter;
  open: (signal: AbortSignal) => Promise<Channel>;
  /** Charged with what comes; the next answers are read once it is paid for. */
  traffic: TrafficMeter | undefined;
  /** Shares the turns of the event loop among the answers to all requests. */
  turns: Pick<Turns, 'run' | 'ready'>;
  /** See `FetchRequest`. */
  onWait: ((paid: Promise<void>) => Promise<void>) | undefined;
}

/** Bytes of answers taken in at once: a bound on the memory of one request. */
const TOGETHER_BYTES = 64 * 1024;

/** What no honest peer sends. */
const INVALID: ReadonlySet<ProtocolErrorCode> = new Set<ProtocolErrorCode>([
  'MALFORMED_FRAME',
  'FRAME_TOO_LARGE',
  'UNEXPECTED_FRAME',
  'INVALID_BYTES',
  'ITEM_TOO_LARGE',
]);

/** The requester's end of a stream, from its turn to its end: it can be called off at any moment. */
export class RequestStream {
  readonly guard: StallGuard;
  readonly #init: RequestStreamInit;
  readonly #over = new AbortController();
  #channel: Channel | undefined;
  #chargedBytes = 0;

  constructor(init: RequestStreamInit) {
    this.#init = init;
    this.guard = new StallGuard(init.options);
  }

  /** Runs `converse` with a channel once it is this request's turn. Rejects as it does. */
  async run(converse: (channel: Channel) => Promise<void>): Promise<void> {
    const { signal, limiter } = this.#init;
    const callOff = (): void =>
      this.abort(new ProtocolError('ABORTED', 'the request was called off'));
    signal?.addEventListener('abort', callOff, { once: true });
    if (signal?.aborted === true) callOff();
    let release: Release | undefined;
    try {
      release = await limiter.take(this.#over.signal);
      await this.#pay(0);
      this.#channel = await this.#open();
      await converse(this.#channel);
    } finally {
      release?.();
      signal?.removeEventListener('abort', callOff);
    }
  }

  abort(error: ProtocolError): void {
    this.#over.abort(error);
    this.#channel?.abort(error);
  }

  /** The next frame, or null at the end; waiting without progress aborts the channel as stalled. */
  async next(channel: Channel): Promise<Uint8Array | null> {
    const { clock, options } = this.#init;
    const expire = (): void =>
      channel.abort(
        new ProtocolError('STALLED', `no progress in ${options.stallTimeoutMs} ms of waiting`),
      );
    const begin = clock.monotonic();
    try {
      return await within({ clock, ms: this.guard.remainingMs, expire }, () => channel.receive());
    } finally {
      this.guard.waited(clock.monotonic() - begin);
    }
  }

  /** The frame behind the last answer, or null: then all came, also if the peer does not close its side. */
  async extra(channel: Channel): Promise<Uint8Array | null> {
    try {
      return await this.next(channel);
    } catch (error) {
      if (outcomeOf(error) === 'invalid') throw error;
      return null;
    }
  }

  /** Takes in a frame and those that came behind it, and waits until they are paid for. */
  async takeIn(
    channel: Channel,
    first: Uint8Array,
    take: (frames: readonly Uint8Array[]) => Promise<void>,
  ): Promise<void> {
    // At once, since a stream that breaks drops what lies unread.
    const frames = [first, ...channel.ready(TOGETHER_BYTES)];
    await this.#inTurn(() => take(frames));
    await this.#pay(channel.receivedBytes);
  }

  /** `received`: bytes of the stream so far. No wait here is a stall of the peer. */
  async #pay(received: number): Promise<void> {
    const { traffic, peer, onWait } = this.#init;
    if (traffic === undefined) return;
    const bytes = received - this.#chargedBytes;
    this.#chargedBytes = received;
    const paid = traffic.pay('download', peer, bytes, this.#over.signal);
    await (onWait?.(paid) ?? paid);
  }

  /** Runs `take` once the event loop has time. No wait here is a stall of the peer. */
  #inTurn(take: () => Promise<void>): Promise<void> {
    const { turns, onWait } = this.#init;
    if (turns.ready) return take();
    const taken = turns.run(take).then(() => undefined);
    return onWait?.(taken) ?? taken;
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
}

/** The taker of the items failed: a fault of this node, whatever the error is. */
export class ConsumerError extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

export function outcomeOf(error: unknown): FetchOutcome {
  if (!(error instanceof ProtocolError)) return 'failed';
  if (error.code === 'STALLED') return 'stalled';
  return INVALID.has(error.code) ? 'invalid' : 'failed';
}

export function describeError(error: unknown): { code: string; message: string } {
  const origin = error instanceof ConsumerError ? error.cause : error;
  const code = origin instanceof Error && 'code' in origin ? String(origin.code) : 'INTERNAL';
  return { code, message: messageOf(origin) };
}

export function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  return new ProtocolError('ABORTED', messageOf(error), { cause: error });
}
