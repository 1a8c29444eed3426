import { delay, type Snapshot } from '../../../store/index.ts';
import type { Step } from '../dialect.ts';
import type { OpenChannel } from './peer-stream.ts';
import type { SessionEnvironment } from './types.ts';

type WorkEnvironment = Pick<
  SessionEnvironment,
  'clock' | 'work' | 'turns' | 'share' | 'options' | 'traffic'
>;

/** The share of the time for a frame that may pass in rests; the rest is for the work and the network. */
const REST_SHARE = 0.5;

/**
 * Charges work and bytes of a session to its peer, whichever side began it: a hostile peer need not call,
 * since it is called.
 */
export class SessionWork {
  readonly #environment: WorkEnvironment;
  readonly #peer: string;
  #sentBytes = 0;
  #receivedBytes = 0;
  /** Milliseconds that may pass in rests until the peer hears from this node again. */
  #restMs: number;

  constructor(environment: WorkEnvironment, peer: string) {
    this.#environment = environment;
    this.#peer = peer;
    this.#restMs = this.#mostRestMs;
  }

  /** Runs a slice in a turn of the event loop that has time for it. */
  run<Result>(slice: () => Result): Promise<Result> {
    const { turns, work } = this.#environment;
    return turns.run(() => work.run(this.#peer, slice));
  }

  /** Likewise a step of a session, which gets the part of a slice that it may take. */
  step(slice: (share: number) => Step): Promise<Step> {
    const { share } = this.#environment;
    return this.run(() => share.run(slice, ({ pending }) => pending === 'work'));
  }

  /** Prepares a snapshot in slices. */
  async prepare(snapshot: Snapshot, signal: AbortSignal): Promise<void> {
    const steps = snapshot.prepare?.()[Symbol.iterator]();
    if (steps === undefined) return;
    while ((await this.run(() => steps.next())).done !== true) signal.throwIfAborted();
  }

  /** Charges what the stream of the session has carried since the last call. */
  carried({ sentBytes, receivedBytes }: Pick<OpenChannel, 'sentBytes' | 'receivedBytes'>): void {
    const { traffic } = this.#environment;
    traffic?.charge('upload', this.#peer, sentBytes - this.#sentBytes);
    traffic?.charge('download', this.#peer, receivedBytes - this.#receivedBytes);
    this.#sentBytes = sentBytes;
    this.#receivedBytes = receivedBytes;
  }

  /** Waits until the peer owes nothing; rejects with the signal's reason if that comes first. */
  async paid(signal: AbortSignal): Promise<void> {
    await this.#wait(this.#debtMs(), signal);
  }

  /** Likewise, during a session: a peer that waits for a frame must not run out of time. */
  async pace(signal: AbortSignal): Promise<void> {
    await this.#wait(this.#nextRestMs(), signal);
  }

  /** As `pace`, but a turn of the event loop at least. */
  rest(): Promise<void> {
    return delay(this.#environment.clock, this.#nextRestMs());
  }

  /** The peer gets a frame, so its time begins anew. */
  answered(): void {
    this.#restMs = this.#mostRestMs;
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    if (ms > 0) await delay(this.#environment.clock, ms, signal);
  }

  #nextRestMs(): number {
    const ms = Math.min(this.#debtMs(), this.#restMs);
    this.#restMs -= ms;
    return ms;
  }

  get #mostRestMs(): number {
    return this.#environment.options.frameTimeoutMs * REST_SHARE;
  }

  #debtMs(): number {
    const { work, traffic } = this.#environment;
    const owed = (['upload', 'download'] as const).map(
      (direction) => traffic?.debtMs(direction, this.#peer) ?? 0,
    );
    return Math.max(work.debtMs(this.#peer), ...owed);
  }
}
