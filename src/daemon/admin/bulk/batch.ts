import { type BulkDecoder, BulkError, type BulkFault, type BulkItem } from '../../bulk/index.ts';
import type { RefusalReason } from '../../node-api.ts';
import type { BatchTrailer } from '../../schemas/index.ts';
import { BatchGroup, type GroupInit } from './batch-group.ts';

/** Groups that are stored at a time: one is prepared while another is synced. */
const UNDER_WAY = 2;
/** A longer item needs memory of its own. */
const LONG_BYTES = 1024 * 1024;

export interface BatchInit extends GroupInit {
  /** The next chunk of the body, or null at its end. */
  readonly next: () => Promise<Uint8Array | null>;
  readonly decoder: BulkDecoder;
  /** Resolves once there is memory for items of any length; called once, before the first long item is read. */
  readonly makeRoom: () => Promise<void>;
}

/**
 * Stores the items of a stream in groups, and gives the answers in order: a line for each item, then the
 * trailer. Reads on only as answers are taken.
 */
export class Batch {
  readonly #init: BatchInit;
  readonly #underWay: Promise<BatchGroup>[] = [];
  readonly #trailer = { items: 0, created: 0, held: 0, failed: 0 };
  #waiting: (BulkItem | BulkFault)[] = [];
  #reading: Promise<Uint8Array | null> | null = null;
  #ended = false;
  #error: RefusalReason | null = null;
  #hasRoom = false;

  constructor(init: BatchInit) {
    this.#init = init;
  }

  async *run(): AsyncGenerator<Uint8Array> {
    while (!this.#ended || this.#waiting.length > 0 || this.#underWay.length > 0) {
      while (this.#begin());
      const done = await this.#step();
      if (done === null) continue;
      this.#underWay.shift();
      this.#count(done);
      yield done.lines();
    }
    const trailer: BatchTrailer = { ...this.#trailer, error: this.#error };
    yield Buffer.from(`${JSON.stringify({ trailer })}\n`);
  }

  /** Begins to store a group, if it is full or nothing else is being stored. */
  #begin(): boolean {
    const idle = this.#underWay.length === 0;
    const full = BatchGroup.isFull(this.#waiting);
    if (this.#waiting.length === 0 || this.#underWay.length >= UNDER_WAY) return false;
    if (!full && !idle && !this.#ended) return false;
    const group = BatchGroup.take(this.#waiting);
    this.#waiting = this.#waiting.slice(group.size);
    this.#underWay.push(group.store(this.#init));
    return true;
  }

  /** The group that was stored first, or null once more was read. */
  async #step(): Promise<BatchGroup | null> {
    const [first] = this.#underWay;
    if (this.#ended || BatchGroup.isFull(this.#waiting)) return first ?? null;
    this.#reading ??= this.#read();
    const read = this.#reading.then((): null => null);
    return first === undefined ? read : Promise.race([read, first]);
  }

  /** Never rejects: what went wrong ends the batch. */
  async #read(): Promise<null> {
    try {
      await this.#readChunk();
    } catch (error) {
      this.#ended = true;
      this.#error = this.#cut(error);
    }
    this.#reading = null;
    return null;
  }

  async #readChunk(): Promise<void> {
    const { next, decoder, makeRoom } = this.#init;
    const chunk = await next();
    const records = chunk === null ? decoder.end() : decoder.push(chunk);
    for (const record of records) {
      if (record.kind !== 'notice') this.#waiting.push(record);
      else if ('error' in record.notice) throw failedExport(record.notice.error);
    }
    if (decoder.failure !== null) throw decoder.failure;
    this.#ended = chunk === null;
    if (this.#hasRoom || decoder.collecting <= LONG_BYTES) return;
    this.#hasRoom = true;
    await makeRoom();
  }

  #cut(error: unknown): RefusalReason {
    if (!(error instanceof BulkError)) return this.#init.refusalOf(error);
    const { code, message } = error;
    return { code, message: `${message}; nothing behind it is stored` };
  }

  #count({ items, created, failed }: BatchGroup): void {
    this.#trailer.items += items;
    this.#trailer.created += created;
    this.#trailer.held += items - created - failed;
    this.#trailer.failed += failed;
  }
}

function failedExport({ code, message }: RefusalReason): BulkError {
  const reason = `this export was not ended by its node: ${message} [${code}]`;
  return new BulkError('EXPORT_FAILED', reason);
}
