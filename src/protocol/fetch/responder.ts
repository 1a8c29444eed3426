import type { Clock, Served, ServeLimits } from '../../store/index.ts';
import type { PeerWork, TrafficMeter, Turns } from '../budgets/index.ts';
import { within } from '../deadline.ts';
import { ProtocolError } from '../errors.ts';
import type { Channel } from '../network/index.ts';
import type { AnswerMemory } from './answer-memory.ts';
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

export interface ResponderInit {
  channel: Channel;
  serve: Serve;
  options: FetchOptions;
  clock: Clock;
  /** Held before payloads are read, until the transport has taken them. */
  memory: AnswerMemory;
  /** Charged for reading and sending; the next answers wait while the peer owes some. */
  work: Pick<PeerWork, 'run' | 'debtMs' | 'rest'> | undefined;
  /** Charged with what is sent; the next answers wait until it is paid for. */
  traffic: TrafficMeter | undefined;
  /** Shares the turns of the event loop among the reads of all answers. */
  turns: Pick<Turns, 'run'>;
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
  #asked = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(init: ResponderInit) {
    this.#init = init;
  }

  /** Rejects if a request stays without a whole answer. */
  async run(): Promise<void> {
    for (let asked = await this.#next(); asked !== null; asked = await this.#next()) {
      for (let ids = asked.ids; ids.length > 0; ) {
        await this.#paid();
        const { answered, longBytes } = await this.#holding(SHORT_BYTES, () =>
          this.#short(ids, asked.maxBytes),
        );
        if (longBytes > 0) await this.#long(ids[answered]!, longBytes, asked.maxBytes);
        ids = ids.slice(answered + (longBytes > 0 ? 1 : 0));
      }
      await this.#flush();
    }
    await this.#timed('the end of the answer to be taken', this.#init.options.writeTimeoutMs, () =>
      this.#init.channel.close(),
    );
  }

  async #next(): Promise<ItemQuery | null> {
    const { channel, options } = this.#init;
    const frame = await this.#timed('a request', options.requestTimeoutMs, () => channel.receive());
    if (frame === null) return null;
    const asked = decodeRequest(frame, { maxIds: options.maxIdsPerFrame });
    this.#asked += asked.ids.length;
    if (this.#asked <= options.maxIdsPerRequest) return asked;
    throw new ProtocolError(
      'BUDGET_SPENT',
      `a request asks for more than ${options.maxIdsPerRequest} ids`,
    );
  }

  #holding<T>(bytes: number, answer: () => Promise<T>): Promise<T> {
    return this.#init.memory.holding(this.#init.channel, bytes, answer);
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
    await this.#holding(bytes, async () => {
      const [served] = await this.#serve([id], maxBytes);
      await this.#answer(id, served);
      await this.#flush();
    });
  }

  async #serve(ids: readonly Uint8Array[], maxItemBytes: number): Promise<readonly Served[]> {
    const limits = { maxItemBytes, maxBytes: WRITE_BYTES };
    const { turns, serve, channel } = this.#init;
    // Streams that are reset give their memory to others at once, which would all be read in one turn.
    const served = await turns.run(() => {
      channel.broken.throwIfAborted();
      return this.#working(() => serve(ids, limits));
    });
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
      await this.#trafficPaid();
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
    const { channel, options, traffic } = this.#init;
    const before = channel.sentBytes;
    await this.#timed('an answer to be taken', options.writeTimeoutMs, () =>
      this.#working(() => channel.sendAll(frames)),
    );
    traffic?.charge('upload', channel.peer, channel.sentBytes - before);
  }

  /** Charges the part of an operation that holds the event loop. */
  #working<Result>(operation: () => Result): Result {
    const { work, channel } = this.#init;
    return work === undefined ? operation() : work.run(channel.peer, operation);
  }

  async #paid(): Promise<void> {
    const { work, channel } = this.#init;
    if (work !== undefined && work.debtMs(channel.peer) > 0)
      await work.rest(channel.peer, channel.broken);
    await this.#trafficPaid();
  }

  /** Not while an answer is sent: the peer would seem slow to take it. */
  async #trafficPaid(): Promise<void> {
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
