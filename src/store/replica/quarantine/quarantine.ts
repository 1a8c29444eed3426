import { bytesToKey, equalBytes } from '../../bytes.ts';
import type { Clock } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES, type ItemKey } from '../../item.ts';
import { hashItem } from '../../item-id.ts';
import { type Database, isBytes, passOver, RecordError, tryRead, walk } from '../../level/index.ts';
import { headOf, isWhole, remedyFor } from '../check/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import {
  decodeQuarantined,
  encodeHead,
  encodeQuarantined,
  placeIn,
  type SetKeys,
} from '../records/index.ts';

export interface QuarantineInit {
  keys: SetKeys;
  clock: Clock;
}

/** The damaged part of an item, and the commit that handles it. */
export interface Inspection {
  readonly found: 'item' | 'id record';
  readonly commit: PreparedCommit;
}

/** An id in quarantine. */
interface Aside {
  readonly id: Uint8Array;
  /** Null where the record cannot be read. */
  readonly hint: bigint | null;
  /** Its place in the order of arrival, or 0. */
  readonly seq: number;
}

/** Items forgotten in one commit. */
const FORGOTTEN = 1_024;

/** Puts damaged items aside: they leave the set, and their bytes stay in records of their own. */
export class Quarantine {
  readonly #init: QuarantineInit;
  /** By the keys of their ids. */
  readonly #aside = new Map<string, Aside>();
  /** By the id that the bytes hash to, if it is another one: the id that they lay under. */
  readonly #misfiled = new Map<string, Uint8Array>();

  constructor(init: QuarantineInit) {
    this.#init = init;
  }

  get size(): number {
    return this.#aside.size;
  }

  async load(database: Database): Promise<void> {
    this.#aside.clear();
    this.#misfiled.clear();
    const { keys } = this.#init;
    for await (const records of walk(database, keys.quarantined, { unreadable: passOver })) {
      for (const [key, value] of records) {
        const id = key.slice(key.length - ID_BYTES);
        const { misfiled, ...facts } = foundIn(id, value);
        if (!this.#isHeld(database, misfiled ?? id)) this.#note({ id, ...facts }, misfiled);
      }
    }
  }

  /** The ids in quarantine that stand for one of `items`: their own, and ids that their bytes lay under. */
  among(items: readonly ItemKey[]): Uint8Array[] {
    if (this.#aside.size === 0) return [];
    return items.flatMap(({ id }) => {
      const key = bytesToKey(id);
      const misfiled = this.#misfiled.get(key);
      return [...(this.#aside.has(key) ? [id] : []), ...(misfiled === undefined ? [] : [misfiled])];
    });
  }

  /** Those of `items` for which ids are in quarantine, with the places that they had, or 0. */
  placed(items: readonly ItemKey[]): { readonly id: Uint8Array; readonly supposed: number }[] {
    return items
      .filter((item) => this.among([item]).length > 0)
      .map(({ id }) => ({ id, supposed: this.#aside.get(bytesToKey(id))?.seq ?? 0 }));
  }

  /** Items are held, perhaps again. */
  restored(items: readonly ItemKey[]): void {
    for (const id of this.among(items)) this.#aside.delete(bytesToKey(id));
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
      const right = encodeHead({ hint: key.hint, bytes: length, seq: placeIn(idRecord) });
      return { found: 'id record', commit: set.write((sink) => sink.put(keys.id(key.id), right)) };
    }
    // Under another hint: the key was damaged.
    const elsewhere = head?.hint !== key.hint && this.#isHeld(database, key.id);
    const seq = elsewhere ? 0 : placeIn(idRecord);
    const misfiled = bytes === null ? null : misfiledId(key, bytes);
    const needless = elsewhere || (misfiled !== null && this.#isHeld(database, misfiled));
    const fill: Parameters<DurableSet['write']>[0] = (sink) => {
      const value = encodeQuarantined({ at: clock.now(), hint: key.hint, payload: bytes, seq });
      if (!needless) sink.put(keys.quarantine(key.id), value);
      sink.del(keys.item(key));
      if (!elsewhere) sink.del(keys.id(key.id));
    };
    const counted = Math.min(head?.hint === key.hint ? head.bytes : length, set.state.bytes);
    const prepared = indexed ? set.remove(key, counted, fill) : set.write(fill);
    const commit = (written: number): void => {
      prepared.commit(written);
      if (!needless) this.#note({ id: key.id, hint: key.hint, seq }, misfiled);
    };
    return { found: 'item', commit: { ...prepared, commit } };
  }

  /** Prepares to forget items below the floor, which cannot come back; null if there are none. */
  forget(set: DurableSet): PreparedCommit | null {
    const { keys } = this.#init;
    const { floor } = set.state;
    const old = [...this.#aside].filter(([, { hint }]) => hint !== null && hint < floor);
    if (old.length === 0) return null;
    const gone = old.slice(0, FORGOTTEN);
    const prepared = set.write((sink) => {
      for (const [, { id }] of gone) sink.del(keys.quarantine(id));
    });
    const commit = (written: number): void => {
      prepared.commit(written);
      const ids = new Set(gone.map(([, { id }]) => id));
      for (const [key] of gone) this.#aside.delete(key);
      for (const [key, id] of this.#misfiled) if (ids.has(id)) this.#misfiled.delete(key);
    };
    return { ...prepared, commit };
  }

  /** Whether an item of this id is there, whole, by its id record. */
  #isHeld(database: Database, id: Uint8Array): boolean {
    const { keys } = this.#init;
    const head = headOf(tryRead(database, keys.id(id)));
    if (head === undefined) return false;
    const key = { hint: head.hint, id };
    const payload = tryRead(database, keys.item(key));
    return isBytes(payload) && isWhole(key, payload);
  }

  #note(aside: Aside, misfiled: Uint8Array | null): void {
    this.#aside.set(bytesToKey(aside.id), aside);
    if (misfiled !== null) this.#misfiled.set(bytesToKey(misfiled), aside.id);
  }
}

/** The id that bytes hash to; null when it is the one they lie under. The key was damaged then, or they are. */
function misfiledId({ hint, id }: ItemKey, payload: Uint8Array): Uint8Array | null {
  const right = hashItem(hint, payload);
  return equalBytes(right, id) ? null : right;
}

/** The same of a record in quarantine, with its hint and the place that it names. */
function foundIn(
  id: Uint8Array,
  record: Uint8Array,
): Omit<Aside, 'id'> & { readonly misfiled: Uint8Array | null } {
  try {
    const { hint, payload, seq } = decodeQuarantined(record);
    return { misfiled: payload && misfiledId({ hint, id }, payload), hint, seq };
  } catch (error) {
    if (error instanceof RecordError) return { misfiled: null, hint: null, seq: 0 };
    throw error;
  }
}
