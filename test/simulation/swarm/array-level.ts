import {
  type AbstractBatchOperation,
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractLevel,
  AbstractSnapshot,
} from 'abstract-level';
import type { Database } from '../../../src/store/index.ts';

type Bytes = Uint8Array;
type Level = AbstractLevel<Bytes, Bytes, Bytes>;

/** Records in key order. Names are keys as text with a character for each byte, which compare fast. */
class Records {
  names: string[] = [];
  keys: Bytes[] = [];
  values: Bytes[] = [];
  /** A reader holds them as they are. */
  held = false;

  copy(): Records {
    const copy = new Records();
    copy.names = this.names.slice();
    copy.keys = this.keys.slice();
    copy.values = this.values.slice();
    return copy;
  }

  /** The place of the first record that is not before `name`. */
  placeOf(name: string): number {
    let [low, high] = [0, this.names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.names[middle]! < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get(key: Bytes): Bytes | undefined {
    const name = nameOf(key);
    const place = this.placeOf(name);
    return this.names[place] === name ? this.values[place] : undefined;
  }
}

function nameOf(key: Bytes): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

/** Its types leave out the options that every snapshot takes. */
const Snapshot = AbstractSnapshot as unknown as new (options: object) => AbstractSnapshot;

class HeldRecords extends Snapshot {
  readonly records: Records;

  constructor(records: Records, options: object) {
    super(options);
    this.records = records;
  }
}

interface RangeOptions {
  readonly gte?: Bytes;
  readonly gt?: Bytes;
  readonly lte?: Bytes;
  readonly lt?: Bytes;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly snapshot?: AbstractSnapshot;
}

/** The places of a range: the first, and the one behind the last. */
function placesOf(records: Records, { gte, gt, lte, lt }: RangeOptions): [number, number] {
  let low = 0;
  let high = records.names.length;
  if (gte !== undefined) low = records.placeOf(nameOf(gte));
  else if (gt !== undefined) low = records.placeOf(`${nameOf(gt)}\0`);
  if (lt !== undefined) high = records.placeOf(nameOf(lt));
  else if (lte !== undefined) high = records.placeOf(`${nameOf(lte)}\0`);
  return [low, Math.max(low, high)];
}

class RecordIterator extends AbstractIterator<Level, Bytes, Bytes> {
  readonly #records: Records;
  readonly #step: 1 | -1;
  readonly #range: readonly [number, number];
  #place: number;

  constructor(level: Level, records: Records, options: RangeOptions) {
    super(level, options as unknown as AbstractIteratorOptions<Bytes, Bytes>);
    this.#records = records;
    this.#range = placesOf(records, options);
    this.#step = options.reverse === true ? -1 : 1;
    this.#place = this.#step === 1 ? this.#range[0] : this.#range[1] - 1;
  }

  async _next(): Promise<[Bytes, Bytes] | undefined> {
    return this.#take();
  }

  async _nextv(size: number): Promise<[Bytes, Bytes][]> {
    const entries: [Bytes, Bytes][] = [];
    while (entries.length < size) {
      const entry = this.#take();
      if (entry === undefined) break;
      entries.push(entry);
    }
    return entries;
  }

  _seek(target: Bytes): void {
    const place = this.#records.placeOf(nameOf(target));
    this.#place = this.#step === 1 ? Math.max(place, this.#range[0]) : place - 1;
  }

  #take(): [Bytes, Bytes] | undefined {
    const place = this.#place;
    if (place < this.#range[0] || place >= this.#range[1]) return undefined;
    this.#place += this.#step;
    return [this.#records.keys[place]!, this.#records.values[place]!];
  }
}

/**
 * A database in memory over sorted arrays, for the small sets of simulations: a write costs a copy of the
 * arrays at most, where a tree allocates a path for each record.
 */
class ArrayLevel extends AbstractLevel<Bytes, Bytes, Bytes> {
  #records = new Records();

  constructor() {
    super(
      {
        seek: true,
        explicitSnapshots: true,
        permanence: false,
        has: true,
        getSync: true,
        encodings: { view: true },
      } as unknown as ConstructorParameters<typeof AbstractLevel>[0],
      { keyEncoding: 'view', valueEncoding: 'view' },
    );
  }

  async _get(key: Bytes, options: RangeOptions): Promise<Bytes | undefined> {
    return this.#at(options).get(key);
  }

  _getSync(key: Bytes, options: RangeOptions): Bytes | undefined {
    return this.#at(options).get(key);
  }

  async _getMany(keys: Bytes[], options: RangeOptions): Promise<(Bytes | undefined)[]> {
    const records = this.#at(options);
    return keys.map((key) => records.get(key));
  }

  async _has(key: Bytes, options: RangeOptions): Promise<boolean> {
    return this.#at(options).get(key) !== undefined;
  }

  async _hasMany(keys: Bytes[], options: RangeOptions): Promise<boolean[]> {
    const records = this.#at(options);
    return keys.map((key) => records.get(key) !== undefined);
  }

  async _put(key: Bytes, value: Bytes): Promise<void> {
    this.#set(key, value);
  }

  async _del(key: Bytes): Promise<void> {
    this.#remove(key);
  }

  async _batch(operations: AbstractBatchOperation<Level, Bytes, Bytes>[]): Promise<void> {
    for (const operation of operations) {
      if (operation.type === 'put') this.#set(operation.key, operation.value);
      else this.#remove(operation.key);
    }
  }

  async _clear(options: RangeOptions): Promise<void> {
    const [low, high] = placesOf(this.#records, options);
    const records = this.#own();
    for (const list of [records.names, records.keys, records.values]) list.splice(low, high - low);
  }

  _iterator(options: RangeOptions): RecordIterator {
    const records = this.#at(options);
    records.held = true;
    return new RecordIterator(this, records, options);
  }

  _snapshot(options: object): HeldRecords {
    this.#records.held = true;
    return new HeldRecords(this.#records, options);
  }

  #at({ snapshot }: RangeOptions): Records {
    return (snapshot as HeldRecords | undefined)?.records ?? this.#records;
  }

  /** The records, to be changed. */
  #own(): Records {
    if (this.#records.held) this.#records = this.#records.copy();
    return this.#records;
  }

  #set(key: Bytes, value: Bytes): void {
    const records = this.#own();
    const name = nameOf(key);
    const place = records.placeOf(name);
    if (records.names[place] === name) records.values[place] = value;
    else {
      records.names.splice(place, 0, name);
      records.keys.splice(place, 0, key);
      records.values.splice(place, 0, value);
    }
  }

  #remove(key: Bytes): void {
    const records = this.#own();
    const name = nameOf(key);
    const place = records.placeOf(name);
    if (records.names[place] !== name) return;
    for (const list of [records.names, records.keys, records.values]) list.splice(place, 1);
  }
}

export function arrayDatabase(): Database {
  return new ArrayLevel() as unknown as Database;
}
