import { bytesToKey } from '../bytes.ts';
import type { Clock } from '../environment.ts';
import { StoreError } from '../errors.ts';
import { ID_BYTES, type ItemKey, verifyItem } from '../item.ts';
import { type Database, plain, readSync } from './database.ts';
import type { DurableSet, PreparedCommit } from './durable-set.ts';
import { decodeHead, type ItemHead, type SetKeys } from './layout.ts';
import { encodeQuarantined } from './quarantined.ts';
import { walk } from './walk.ts';

export interface QuarantineInit {
  keys: SetKeys;
  clock: Clock;
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
    for await (const records of walk(database, range, { values: false })) {
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
   * Looks at an item once more and, when it is broken, prepares to put it aside; null when it is whole,
   * or not there at all. Throws `STORE_CORRUPT` when it is the index that is wrong about it.
   */
  prepare(database: Database, set: DurableSet, key: ItemKey): PreparedCommit | null {
    const payload = this.#payload(database, key);
    const head = this.#head(database, key.id);
    const indexed = set.holds(key);
    if (payload === null && !indexed) return null;
    const whole = payload !== null && isWhole(key, payload);
    const known = head?.hint === key.hint;
    if (whole && indexed && known && head.bytes === payload.length) return null;
    if (whole || !indexed) {
      throw new StoreError('STORE_CORRUPT', 'an item and what the index says of it do not agree');
    }
    const bytes = known ? head.bytes : (payload?.length ?? 0);
    const { keys, clock } = this.#init;
    const prepared = set.remove(key, bytes, (sink) => {
      const value = encodeQuarantined({ at: clock.now(), hint: key.hint, payload });
      sink.put(keys.quarantine(key.id), value);
      sink.del(keys.item(key));
      if (known) sink.del(keys.id(key.id));
    });
    const commit = (written: number): void => {
      prepared.commit(written);
      this.#note(key.id);
    };
    return { ...prepared, commit };
  }

  #payload(database: Database, key: ItemKey): Uint8Array | null {
    const value = readSync(database, this.#init.keys.item(key));
    return value === undefined ? null : plain(value);
  }

  #head(database: Database, id: Uint8Array): ItemHead | undefined {
    const value = readSync(database, this.#init.keys.id(id));
    return value?.length === 16 ? decodeHead(value) : undefined;
  }

  #note(id: Uint8Array): void {
    this.#ids.set(bytesToKey(id), id);
  }
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
