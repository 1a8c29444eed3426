import type { Clock } from '../../store/index.ts';
import type { PeerWork, TrafficMeter, Turns } from '../budgets/index.ts';
import { within } from '../deadline.ts';
import { ProtocolError } from '../errors.ts';
import type { Channel } from '../network/index.ts';
import type { AnswerMemory, PageAnswer } from './answer-memory.ts';
import type { FetchOptions } from './options.ts';

export interface AnswerSenderInit {
  channel: Channel;
  options: Pick<FetchOptions, 'requestTimeoutMs' | 'writeTimeoutMs'>;
  clock: Clock;
  /** Charged for reading and sending; the next answers wait while the peer owes some. */
  work: Pick<PeerWork, 'run' | 'charge' | 'debtMs' | 'rest'> | undefined;
  /** Charged with what is sent; the next answers wait until it is paid for. */
  traffic: TrafficMeter | undefined;
  /** Held before payloads are read, until the transport has taken them. */
  memory: AnswerMemory;
  /** Shares the turns of the event loop among the reads of all answers. */
  turns: Pick<Turns, 'run'>;
}

/**
 * Bytes of long items that the thread copies out of LevelDB in a millisecond. No slice contains this copying. For
 * 16 MiB it took 84 to 118 ms of the processor.
 */
const PASSED_BYTES_PER_MS: number = 160 * 1024;

/** The responder's end of a stream: waits have an end, and the peer is charged for what it causes. */
export class AnswerSender {
  readonly #init: AnswerSenderInit;

  constructor(init: AnswerSenderInit) {
    this.#init = init;
  }

  /** The next request frame, or null at the end. */
  receive(): Promise<Uint8Array | null> {
    const { channel, options } = this.#init;
    return this.#timed('a request', options.requestTimeoutMs, () => channel.receive());
  }

  async send(frames: readonly Uint8Array[]): Promise<void> {
    const { channel, options, traffic } = this.#init;
    const before = channel.sentBytes;
    await this.#timed('an answer to be taken', options.writeTimeoutMs, () =>
      this.inTurn(() => channel.sendAll(frames)),
    );
    traffic?.charge('upload', channel.peer, channel.sentBytes - before);
  }

  close(): Promise<void> {
    const { channel, options } = this.#init;
    const event = 'the end of the answer to be taken';
    return this.#timed(event, options.writeTimeoutMs, () => channel.close());
  }

  /** Runs `answer` once there is memory for so many bytes. */
  holding<Result>(bytes: number, answer: () => Promise<Result>): Promise<Result> {
    const { memory, channel } = this.#init;
    return memory.holding(channel, bytes, answer);
  }

  /** Likewise for a page of a range. */
  holdingPage<Page>(bytes: number, answer: PageAnswer<Page>): Promise<Page> {
    const { memory, channel } = this.#init;
    return memory.holdingPage(channel, bytes, answer);
  }

  /** Charges the peer for long items that were read only to tell their lengths. */
  passedOver(bytes: number): void {
    const { work, channel } = this.#init;
    work?.charge(channel.peer, bytes / PASSED_BYTES_PER_MS);
  }

  /** Runs a slice in a turn of the event loop, and charges the part of it that holds the event loop. */
  async inTurn<Result>(slice: () => Result): Promise<Awaited<Result>> {
    const { turns, work, channel } = this.#init;
    // Streams that are reset give their memory to others at once, which would all be read in one turn.
    return await turns.run(() => {
      channel.broken.throwIfAborted();
      return work === undefined ? slice() : work.run(channel.peer, slice);
    });
  }

  /** Resolves once the peer owes nothing. */
  async paid(): Promise<void> {
    const { work, channel } = this.#init;
    if (work !== undefined && work.debtMs(channel.peer) > 0)
      await work.rest(channel.peer, channel.broken);
    await this.trafficPaid();
  }

  /** Not while an answer is sent: the peer would seem slow to take it. */
  async trafficPaid(): Promise<void> {
    const { traffic, channel } = this.#init;
    await traffic?.pay('upload', channel.peer, 0, channel.broken);
  }

  async #timed<T>(event: string, ms: number, operation: () => Promise<T>): Promise<T> {
    const { channel, clock } = this.#init;
    const expire = (): void =>
      channel.abort(new ProtocolError('TIMEOUT', `waited longer than ${ms} ms for ${event}`));
    return within({ clock, ms, expire }, operation);
  }
}
