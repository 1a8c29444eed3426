import { type Item, invariant } from '../../store/index.ts';
import { encodeFrame, encodeRecord, HEADER_BYTES, type KIND } from './codec.ts';
import { MAX_FRAME_BYTES, MAX_RECORDS } from './constants.ts';
import type { AnnounceOptions } from './options.ts';

type RecordKind = keyof typeof KIND;

export interface OutboxInit extends Pick<AnnounceOptions, 'inlineBytes' | 'maxQueuedBytes'> {
  readonly epoch: Uint8Array;
}

export interface OutgoingFrame {
  readonly bytes: Uint8Array;
  readonly records: number;
}

/** Gathers new items into frames: short items whole, longer items by key. */
export class AnnounceOutbox {
  readonly #init: OutboxInit;
  readonly #records: Record<RecordKind, Uint8Array[]> = { items: [], keys: [] };
  readonly #sequences: Record<RecordKind, number> = { items: 0, keys: 0 };
  #bytes = 0;

  constructor(init: OutboxInit) {
    this.#init = init;
  }

  get empty(): boolean {
    return this.#bytes === 0;
  }

  add({ hint, id, payload }: Item): boolean {
    const { length } = payload;
    const kind = length <= this.#init.inlineBytes ? 'items' : 'keys';
    const key = { hint, id, length };
    const record = encodeRecord(kind === 'items' ? { ...key, payload } : key);
    if (this.#bytes + record.length > this.#init.maxQueuedBytes) return false;
    this.#bytes += record.length;
    this.#records[kind].push(record);
    return true;
  }

  /** The next frame, items before keys; null when nothing waits. */
  next(): OutgoingFrame | null {
    return this.#next('items') ?? this.#next('keys');
  }

  /** Drops all records; returns their number. */
  clear(): number {
    const dropped = this.#records.items.length + this.#records.keys.length;
    this.#records.items = [];
    this.#records.keys = [];
    this.#bytes = 0;
    return dropped;
  }

  #next(kind: RecordKind): OutgoingFrame | null {
    const waiting = this.#records[kind];
    let bytes = HEADER_BYTES;
    let count = 0;
    while (count < Math.min(waiting.length, MAX_RECORDS)) {
      bytes += waiting[count]!.length;
      if (bytes > MAX_FRAME_BYTES) break;
      count++;
    }
    if (count === 0) return null;
    const records = waiting.splice(0, count);
    for (const record of records) this.#bytes -= record.length;
    invariant(this.#bytes >= 0, 'session', 'OUTBOX_BYTES', [this.#bytes, count]);
    const number = { epoch: this.#init.epoch, sequence: this.#sequences[kind]++ };
    return { bytes: encodeFrame(kind, number, records), records: count };
  }
}
