import { bytesToKey } from '../../bytes.ts';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, type ItemKey, verifyItem } from '../../item.ts';
import type { BatchSink, Database } from '../../level/index.ts';
import { isBytes, passOver, type ReadResult, tryRead, walk } from '../../level/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import {
  decodeHead,
  encodeHead,
  encodeQuarantined,
  type ItemHead,
  type SetKeys,
} from '../records/index.ts';

export interface QuarantineInit {
  keys: SetKeys;
  clock: Clock;
}

/** What was wrong about an item, and the commit that does something about it. */
export interface Inspection {
  readonly found: 'item' | 'id record';
  readonly commit: PreparedCommit;
}

/**
 * Puts aside what is not what its id says: it leaves the set, its bytes stay in a record of their own,
 * and it is welcome again when somebody brings it whole.
 */
export class Quarantine {
  readonly #init: QuarantineInit;
  readonly #ids = new Map<string, Uint8Array>();

  constructor(init: QuarantineInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#ids.size;
  }

  /** Reads which ids are in quarantine. */
  async load(database: Database): Promise<void> {
    this.#ids.clear();
    const range = this.#init.keys.quarantined;
    const options = { values: false, unreadable: passOver };
    for await (const records of walk(database, range, options)) {
      for (const [key] of records) this.#note(key.slice(key.length - ID_BYTES));
    }
  }

  /** Those of `items` whose ids are in quarantine, as ids. */
  among(items: readonly ItemKey[]): Uint8Array[] {
    if (this.#ids.size === 0) return [];
    return items.flatMap(({ id }) => (this.#ids.has(bytesToKey(id)) ? [id] : []));
  }

  /** Says that items are held, again perhaps. */
  restored(items: readonly ItemKey[]): void {
    if (this.#ids.size === 0) return;
    for (const { id } of items) this.#ids.delete(bytesToKey(id));
  }

  /**
   * Looks at an item once more and prepares what is to be done about it: to put it aside when it is
   * broken, to write its id record again when it is only that; null when all is well, or the item not
   * there at all. Throws `STORE_CORRUPT` when it is the index that is wrong about it.
   */
  prepare(database: Database, set: DurableSet, key: ItemKey): Inspection | null {
    const { keys } = this.#init;
    const payload = tryRead(database, keys.item(key));
    const record = tryRead(database, keys.id(key.id));
    const head = headOf(record);
    const held = set.holds(key);
    if (isBytes(payload) && isWhole(key, payload)) {
      if (!held) throw disagreement('there is an item that the index does not hold');
      if (head?.hint === key.hint && head.bytes === payload.length) return null;
      // Its key may have become another one, which counts as held: only a rebuild looks for that.
      if (record === undefined) throw disagreement('an item has no id record');
      return { found: 'id record', commit: set.write((sink) => this.#putHead(sink, key, payload)) };
    }
    if (!held && !isBytes(payload)) {
      if (head?.hint !== key.hint) return null;
      throw disagreement('there is an id record of an item that the index does not hold');
    }
    const fill = (sink: BatchSink): void => {
      this.#putAside(sink, key, isBytes(payload) ? payload : null);
      if (!this.#isElsewhere(database, key, head)) sink.del(keys.id(key.id));
    };
    const bytes = head?.hint === key.hint ? head.bytes : isBytes(payload) ? payload.length : 0;
    const counted = Math.min(bytes, set.state.bytes);
    return { found: 'item', commit: this.#noted(key, this.#without(set, key, counted, fill)) };
  }

  /** Gives the records of an item that is put aside, but for its id record. */
  #putAside(sink: BatchSink, key: ItemKey, payload: Uint8Array | null): void {
    const { keys, clock } = this.#init;
    const value = encodeQuarantined({ at: clock.now(), hint: key.hint, payload });
    sink.put(keys.quarantine(key.id), value);
    sink.del(keys.item(key));
  }

  /** What is not in the set does not leave it. */
  #without(
    set: DurableSet,
    key: ItemKey,
    bytes: number,
    fill: (sink: BatchSink) => void,
  ): PreparedCommit {
    return set.holds(key) ? set.remove(key, bytes, fill) : set.write(fill);
  }

  #noted(key: ItemKey, prepared: PreparedCommit): PreparedCommit {
    const commit = (written: number): void => {
      prepared.commit(written);
      this.#note(key.id);
    };
    return { ...prepared, commit };
  }

  #putHead(sink: BatchSink, { hint, id }: ItemKey, payload: Uint8Array): void {
    sink.put(this.#init.keys.id(id), encodeHead({ hint, bytes: payload.length }));
  }

  /** Whether the id record is that of a whole item under another hint: what is put aside has a key that was damaged. */
  #isElsewhere(database: Database, key: ItemKey, head: ItemHead | undefined): boolean {
    if (head === undefined || head.hint === key.hint) return false;
    const other = { hint: head.hint, id: key.id };
    const payload = tryRead(database, this.#init.keys.item(other));
    return isBytes(payload) && isWhole(other, payload);
  }

  #note(id: Uint8Array): void {
    this.#ids.set(bytesToKey(id), id);
  }
}

function headOf(record: ReadResult): ItemHead | undefined {
  return isBytes(record) && record.length === 16 ? decodeHead(record) : undefined;
}

function disagreement(what: string): StoreError {
  return new StoreError('STORE_CORRUPT', what);
}

/** Whether the bytes are those the id commits to. */
export function isWhole(key: ItemKey, payload: Uint8Array): boolean {
  try {
    verifyItem({ ...key, payload });
    return true;
  } catch {
    return false;
  }
}
