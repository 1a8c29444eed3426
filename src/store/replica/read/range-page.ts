import type { PartedSnapshot } from '../../buffer/index.ts';
import { type Bytes, readU64BE } from '../../bytes.ts';
import { invariant } from '../../invariant.ts';
import { type Bound, compareBounds, compareKeys, ID_BYTES, INFINITE_HINT } from '../../item.ts';
import { type Database, passOver, plain, walk } from '../../level/index.ts';
import type { SetKeys } from '../records/index.ts';

/** The items that `readRange` is to give. */
export interface RangeInit {
  readonly lower: Bound;
  readonly upper: Bound;
  /** Most keys of the page. */
  readonly maxItems: number;
  /** Payload bytes that are read for the page, also of longer items: at the item that reaches them it ends. */
  readonly maxBytes: number;
  /** Payload bytes of one item; of a longer item only the length is given. */
  readonly maxItemBytes: number;
  /**
   * Runs each slice of the reading when the event loop has time.
   * @default at once
   */
  readonly inTurn?: <Result>(slice: () => Result) => Promise<Awaited<Result>>;
  /**
   * Called with the bytes of items above `maxItemBytes` that were just read, also where the page is given up.
   * @default none
   */
  readonly passedOver?: (bytes: number) => void;
}

/** A record of an item in a range: its payload, or how long that is. */
export type RangeRecord =
  | { readonly hint: bigint; readonly payload: Uint8Array }
  | { readonly hint: bigint; readonly id: Uint8Array; readonly length: number };

/** A part of a range, in key order. */
export interface RangePage {
  /** Ids of the index, 32 bytes each. An id whose record cannot be read has none in `records`. */
  readonly ids: Bytes;
  /** Not compared with their ids: bytes may be damaged. */
  readonly records: readonly RangeRecord[];
  /** The page holds all keys below it. */
  readonly end: Bound;
}

export interface RangePageInit {
  readonly database: Database;
  readonly keys: SetKeys;
  /** Of this moment; the caller releases it. */
  readonly snapshot: PartedSnapshot;
  /** The first hint that is accepted. */
  readonly floor: bigint;
}

/** Most records of one step: their keys are turned into items in one turn of the event loop. */
const STEP_RECORDS = 512;

/**
 * The first items of a range. The index says which items are in it, so records of other items are left
 * out: LevelDB's snapshot may see a commit that the index does not have yet.
 */
export async function readRange(
  { database, keys, snapshot, floor }: RangePageInit,
  init: RangeInit,
): Promise<RangePage> {
  const { upper, maxItems, maxItemBytes, inTurn = atOnce, passedOver } = init;
  const lowest: Bound = { hint: floor, id: null };
  const lower = compareBounds(init.lower, lowest) < 0 ? lowest : init.lower;
  const range = { gte: keyOf(keys, lower), lt: keyOf(keys, upper) };
  // Of the moment of the index: an item that leaves the set while a slice waits would seem to be lost.
  const view = database.snapshot();
  try {
    const page = await inTurn(() => {
      const begin = snapshot.lowerBound(lower);
      const last = Math.max(begin, snapshot.lowerBound(upper));
      return new PageMaker(snapshot, begin, Math.min(last, begin + maxItems), init);
    });
    const options = { snapshot: view, records: STEP_RECORDS, raw: true, unreadable: passOver };
    if (page.full) return page.made(upper);
    for await (const records of walk(database, range, options)) {
      const longBytes = bytesAbove(records, maxItemBytes);
      if (longBytes > 0) passedOver?.(longBytes);
      await inTurn(() => page.take(records, keys.items.gte.length));
      if (page.full) return page.made(upper);
    }
    page.endOfRecords();
    return page.made(upper);
  } finally {
    await view.close();
  }
}

function bytesAbove(records: readonly (readonly [unknown, Uint8Array])[], limit: number): number {
  return records.reduce((sum, [, { length }]) => sum + (length > limit ? length : 0), 0);
}

async function atOnce<Result>(slice: () => Result): Promise<Awaited<Result>> {
  return await slice();
}

/** Brings the keys of the index and the records of the database together. */
class PageMaker {
  readonly #snapshot: PartedSnapshot;
  readonly #begin: number;
  readonly #ids: Bytes;
  readonly #init: RangeInit;
  readonly #records: RangeRecord[] = [];
  #at = 0;
  #bytes = 0;

  constructor(snapshot: PartedSnapshot, begin: number, end: number, init: RangeInit) {
    this.#snapshot = snapshot;
    this.#begin = begin;
    this.#init = init;
    this.#ids = snapshot.ids(begin, end);
  }

  take(records: readonly (readonly [Uint8Array, Uint8Array])[], prefix: number): void {
    for (const [key, value] of records) {
      this.#take(key, value, prefix);
      if (this.full) return;
    }
  }

  /** Keys behind the last record have none. */
  endOfRecords(): void {
    this.#at = this.#count;
  }

  made(upper: Bound): RangePage {
    const rank = this.#begin + this.#at;
    const isWhole = this.#records.length <= this.#at && this.#at <= this.#count;
    invariant(isWhole, 'session', 'RANGE_PAGE', [this.#records.length, this.#at, this.#count]);
    const whole = rank >= this.#snapshot.size;
    const next = whole ? upper : this.#snapshot.select(rank);
    const end = compareBounds(next, upper) < 0 ? next : upper;
    return { ids: this.#ids.slice(0, this.#at * ID_BYTES), records: this.#records, end };
  }

  get #count(): number {
    return this.#ids.length / ID_BYTES;
  }

  get full(): boolean {
    return this.#at === this.#count || this.#bytes >= this.#init.maxBytes;
  }

  #take(key: Uint8Array, value: Uint8Array, prefix: number): void {
    if (key.length !== prefix + 8 + ID_BYTES) return;
    const hint = readU64BE(key, prefix);
    if (!this.#isNext(key, prefix + 8) && !this.#reaches(hint, key.subarray(prefix + 8))) return;
    this.#at++;
    this.#bytes += value.length;
    if (value.length > this.#init.maxItemBytes) {
      const id = plain(key.subarray(prefix + 8));
      this.#records.push({ hint, id, length: value.length });
    } else this.#records.push({ hint, payload: plain(value) });
  }

  /** Whether the id in `key` is the next of the index. In place: a view for each costs more than the look. */
  #isNext(key: Uint8Array, offset: number): boolean {
    const start = this.#at * ID_BYTES;
    for (let i = 0; i < ID_BYTES; i++) {
      if (this.#ids[start + i] !== key[offset + i]) return false;
    }
    return true;
  }

  /** Whether the index holds the key. Keys of the index before it have no record, and are passed. */
  #reaches(hint: bigint, id: Uint8Array): boolean {
    while (this.#at < this.#count) {
      if (this.#isNext(id, 0)) return true;
      const indexed = this.#snapshot.select(this.#begin + this.#at);
      if (compareKeys(indexed, { hint, id }) > 0) return false;
      this.#at++;
    }
    return false;
  }
}

function keyOf(keys: SetKeys, { hint, id }: Bound): Uint8Array {
  if (hint === INFINITE_HINT) return keys.items.lt;
  const padded = new Uint8Array(ID_BYTES);
  if (id !== null) padded.set(id);
  return keys.item({ hint, id: padded });
}
