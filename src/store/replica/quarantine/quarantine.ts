import { bytesToKey } from '../../bytes.ts';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, type ItemKey } from '../../item.ts';
import { type Database, isBytes, passOver, tryRead, walk } from '../../level/index.ts';
import { headOf, isWhole, remedyFor } from '../check/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import { encodeHead, encodeQuarantined, type ItemHead, type SetKeys } from '../records/index.ts';

export interface QuarantineInit {
  keys: SetKeys;
  clock: Clock;
}

/** The damaged part of an item, and the commit that handles it. */
export interface Inspection {
  readonly found: 'item' | 'id record';
  readonly commit: PreparedCommit;
}

/** Puts damaged items aside: they leave the set, and their bytes stay in records of their own. */
export class Quarantine {
  readonly #init: QuarantineInit;
  readonly #ids = new Set<string>();

  constructor(init: QuarantineInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#ids.size;
  }

  async load(database: Database): Promise<void> {
    this.#ids.clear();
    const range = this.#init.keys.quarantined;
    const options = { values: false, unreadable: passOver };
    for await (const records of walk(database, range, options)) {
      for (const [key] of records) this.#ids.add(bytesToKey(key.subarray(key.length - ID_BYTES)));
    }
  }

  /** The ids of `items` that are in quarantine. */
  among(items: readonly ItemKey[]): Uint8Array[] {
    if (this.#ids.size === 0) return [];
    return items.map(({ id }) => id).filter((id) => this.#ids.has(bytesToKey(id)));
  }

  /** Items are held, perhaps again. */
  restored(items: readonly ItemKey[]): void {
    if (this.#ids.size === 0) return;
    for (const { id } of items) this.#ids.delete(bytesToKey(id));
  }

  /**
   * Reads an item again. Prepares to put a damaged item aside, or to write a damaged id record again;
   * null if the item is sound or absent. Throws `STORE_CORRUPT` if the index is wrong about it.
   */
  prepare(database: Database, set: DurableSet, key: ItemKey): Inspection | null {
    const { keys, clock } = this.#init;
    const payload = tryRead(database, keys.item(key));
    const idRecord = tryRead(database, keys.id(key.id));
    const head = headOf(idRecord);
    const indexed = set.holds(key);
    const remedy = remedyFor(key, { payload, idRecord }, indexed);
    if (remedy === null) return null;
    if (remedy.mend === 'index') throw new StoreError('STORE_CORRUPT', remedy.why);
    const bytes = isBytes(payload) ? payload : null;
    const length = bytes?.length ?? 0;
    if (remedy.mend === 'id record') {
      const right = encodeHead({ hint: key.hint, bytes: length });
      return { found: 'id record', commit: set.write((sink) => sink.put(keys.id(key.id), right)) };
    }
    const fill: Parameters<DurableSet['write']>[0] = (sink) => {
      const value = encodeQuarantined({ at: clock.now(), hint: key.hint, payload: bytes });
      sink.put(keys.quarantine(key.id), value);
      sink.del(keys.item(key));
      if (!this.#isElsewhere(database, key, head)) sink.del(keys.id(key.id));
    };
    const counted = Math.min(head?.hint === key.hint ? head.bytes : length, set.state.bytes);
    const prepared = indexed ? set.remove(key, counted, fill) : set.write(fill);
    const commit = (written: number): void => {
      prepared.commit(written);
      this.#ids.add(bytesToKey(key.id));
    };
    return { found: 'item', commit: { ...prepared, commit } };
  }

  /** Whether the id record is that of a whole item under another hint: the key was damaged then. */
  #isElsewhere(database: Database, key: ItemKey, head: ItemHead | undefined): boolean {
    if (head === undefined || head.hint === key.hint) return false;
    const other = { hint: head.hint, id: key.id };
    const payload = tryRead(database, this.#init.keys.item(other));
    return isBytes(payload) && isWhole(other, payload);
  }
}
