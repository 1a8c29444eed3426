import type { Clock, Item } from '../../store/index.ts';
import { within } from '../deadline.ts';
import { ProtocolError } from '../errors.ts';
import type { Channel } from '../network/index.ts';
import { type Asked, decodeRequest, encodeAbsent, encodeItem, encodeLarge } from './codec.ts';
import { CHUNK_BYTES, type FetchOptions } from './constants.ts';

/** Finds an item that is to be served. */
export type GetItem = (id: Uint8Array) => Promise<Item | undefined>;

/** The payload's length in bytes of an item that is to be served. */
export type SizeOf = (id: Uint8Array) => Promise<number | undefined>;

export interface ResponderInit {
  channel: Channel;
  get: GetItem;
  /** Spares reading a payload of which only the length is wanted. */
  sizeOf?: SizeOf | undefined;
  options: FetchOptions;
  clock: Clock;
  /** Told of payload bytes as they leave. */
  sent: (bytes: number) => void;
}

/** Bytes of answers that leave in one write, at least: short items one by one would cost a multiple. */
const WRITE_BYTES = 16 * 1024;

/** Answers one request, an item at a time. Rejects when it could not be answered to its end. */
export class Responder {
  readonly #init: ResponderInit;
  #asked = 0;
  /** Frames that wait to leave together. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(init: ResponderInit) {
    this.#init = init;
  }

  async run(): Promise<void> {
    for (let asked = await this.#next(); asked !== null; asked = await this.#next()) {
      for (const id of asked.ids) await this.#answer(id, asked.maxBytes);
      await this.#flush();
    }
    await this.#timed('the end of the answer to be taken', this.#init.options.writeTimeoutMs, () =>
      this.#init.channel.close(),
    );
  }

  async #next(): Promise<Asked | null> {
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

  async #answer(id: Uint8Array, maxBytes: number): Promise<void> {
    const size = await this.#init.sizeOf?.(id);
    if (size !== undefined && size > maxBytes) return this.#send(encodeLarge(id, size));
    const item = await this.#init.get(id);
    if (item === undefined) return this.#send(encodeAbsent(id));
    let left = item.payload.length;
    if (left > maxBytes) return this.#send(encodeLarge(id, left));
    for (const frame of encodeItem(item)) {
      await this.#send(frame);
      this.#init.sent(Math.min(left, CHUNK_BYTES));
      left -= CHUNK_BYTES;
    }
  }

  async #send(frame: Uint8Array): Promise<void> {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.length;
    if (this.#waitingBytes >= WRITE_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    const frames = this.#waiting;
    if (frames.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const { channel, options } = this.#init;
    await this.#timed('an answer to be taken', options.writeTimeoutMs, () =>
      channel.sendAll(frames),
    );
  }

  async #timed<T>(what: string, ms: number, operation: () => Promise<T>): Promise<T> {
    const { channel, clock } = this.#init;
    const expire = (): void =>
      channel.abort(new ProtocolError('TIMEOUT', `waited longer than ${ms} ms for ${what}`));
    return within({ clock, ms, expire }, operation);
  }
}
