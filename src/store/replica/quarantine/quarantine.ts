import { bytesToKey } from '../../bytes.ts';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, type ItemKey } from '../../item.ts';
import {
  type BatchSink,
  type Database,
  isBytes,
  passOver,
  tryRead,
  walk,
} from '../../level/index.ts';
import { headOf, isWhole, remedyFor } from '../check/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import { encodeHead, encodeQuarantined, type ItemHead, type SetKeys } from '../records/index.ts';

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
    const { keys, clock } = this.#init;
    const payload = tryRead(database, keys.item(key));
    const idRecord = tryRead(database, keys.id(key.id));
    const head = headOf(idRecord);
    const indexed = set.holds(key);
    const remedy = remedyFor(key, { payload, idRecord }, indexed);
    if (remedy === null) return null;
    const bytes = isBytes(payload) ? payload : null;
    const length = bytes?.length ?? 0;
    if (remedy.mend === 'index') throw new StoreError('STORE_CORRUPT', remedy.why);
    if (remedy.mend === 'id record') {
      const right = encodeHead({ hint: key.hint, bytes: length });
      return { found: 'id record', commit: set.write((sink) => sink.put(keys.id(key.id), right)) };
    }
    const fill = (sink: BatchSink): void => {
      const { hint } = key;
      const value = encodeQuarantined({ at: clock.now(), hint, payload: bytes });
      sink.put(keys.quarantine(key.id), value);
      sink.del(keys.item(key));
      if (!this.#isElsewhere(database, key, head)) sink.del(keys.id(key.id));
    };
    const counted = Math.min(head?.hint === key.hint ? head.bytes : length, set.state.bytes);
    const prepared = indexed ? set.remove(key, counted, fill) : set.write(fill);
    const commit = (written: number): void => {
      prepared.commit(written);
      this.#note(key.id);
    };
    return { found: 'item', commit: { ...prepared, commit } };
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
