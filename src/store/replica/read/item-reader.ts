import { type Bytes, bytesToHex } from '../../bytes.ts';
import { checkList } from '../../checks.ts';
import { StoreError } from '../../errors.ts';
import { checkId, checkKey, type HeldItem, type Item, type ItemKey } from '../../item.ts';
import {
  type Database,
  isBytes,
  type ReadResult,
  tryRead,
  UNREADABLE,
  unavailableDatabase,
} from '../../level/index.ts';
import { isWhole } from '../check/index.ts';
import type { Committer } from '../commit/index.ts';
import { isDamage } from '../durable-set/index.ts';
import type { Incidents } from '../incidents.ts';
import type { Inspection, Quarantine } from '../quarantine/index.ts';
import { decodeHead, type ItemHead, type SetKeys } from '../records/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import type { SetChanges } from '../set-changes.ts';
import type { ReadOptions, Served, ServeLimits } from '../types.ts';
import { idsWith } from './id-prefix.ts';

export interface ItemReaderInit {
  keys: SetKeys;
  committer: Committer;
  lifecycle: SetLifecycle;
  quarantine: Quarantine;
  incidents: Incidents;
  /** The id record of a held item. */
  record: (id: Uint8Array) => ReadResult;
  changes: SetChanges;
}

const TOGETHER = 64;

/** Reads items and compares each with its id. The writer inspects damaged items. */
export class ItemReader {
  readonly #init: ItemReaderInit;

  constructor(init: ItemReaderInit) {
    this.#init = init;
  }

  /**
   * A held item. Rejects with `STORE_CORRUPT` if it is damaged, or was until now; with `STORE_UNAVAILABLE` if
   * it cannot be read at the moment.
   */
  async get(id: Uint8Array, { maxBytes }: ReadOptions): Promise<HeldItem | undefined> {
    const database = await this.#init.lifecycle.reader();
    const head = this.#headOf(id);
    if (head === undefined || (maxBytes !== undefined && head.bytes > maxBytes)) return undefined;
    const key = { hint: head.hint, id: new Uint8Array(id) };
    const item = this.#item(database, key);
    if (item !== null) return item;
    const found = await this.inspect(key);
    // It may have been pruned between the reading of its id record and of its payload.
    if (found === null && key.hint < this.#init.lifecycle.state.floor) return undefined;
    throw new StoreError('STORE_CORRUPT', `item ${bytesToHex(id)} ${AFTER[found ?? 'nothing']}`);
  }

  /** See `Replica.short`. */
  short(id: Uint8Array, maxBytes: number): HeldItem | undefined {
    const { lifecycle } = this.#init;
    const head = lifecycle.readable ? this.#soundHead(id) : undefined;
    if (head === undefined || head.bytes > maxBytes) return undefined;
    const item = this.#item(lifecycle.database, { hint: head.hint, id: new Uint8Array(id) });
    // Its record may say less than it has.
    return item !== null && item.payload.length <= maxBytes ? item : undefined;
  }

  /** Rejects with `STORE_CORRUPT` if the id record is damaged, and lets the index be built again. */
  async head(id: Uint8Array): Promise<ItemHead | undefined> {
    await this.#init.lifecycle.reader();
    return this.#headOf(id);
  }

  /** See `Replica`. */
  async idsWith(prefix: string, limit: number): Promise<Uint8Array[]> {
    const database = await this.#init.lifecycle.reader();
    const found: Uint8Array[] = [];
    for await (const id of idsWith(database, this.#init.keys, prefix)) {
      if (found.length >= limit) break;
      if (this.#headOf(id) !== undefined) found.push(id);
    }
    return found;
  }

  /** Answers to the first of `ids`, in order, at least one. A damaged item counts as not held. */
  async serve(ids: readonly Uint8Array[], limits: ServeLimits): Promise<Served[]> {
    checkList(ids, 'ids');
    for (const id of ids) checkId(id);
    const database = await this.#init.lifecycle.reader();
    const served: Served[] = [];
    let left = limits.maxBytes;
    for (const id of ids.slice(0, TOGETHER)) {
      const head = this.#soundHead(id);
      if (head !== undefined && head.bytes <= limits.maxItemBytes) {
        if (head.bytes > left && served.length > 0) break;
        const item = this.#item(database, { hint: head.hint, id });
        if (item === null) {
          // If it cannot be put aside now, the next read tries again.
          await this.inspect({ hint: head.hint, id: id.slice() }).catch(() => null);
          // The database may have been opened again meanwhile.
          return [...served, undefined];
        }
        served.push(upTo(limits.maxItemBytes, item));
        left -= item.payload.length;
      } else served.push(head && { length: head.bytes });
    }
    return served;
  }

  /** See `Replica.serveKeys`. */
  async serveKeys(keys: readonly ItemKey[], limits: ServeLimits): Promise<Served[]> {
    checkList(keys, 'keys');
    for (const key of keys) checkKey(key);
    const database = await this.#init.lifecycle.reader();
    const served: Served[] = [];
    let left = limits.maxBytes;
    for (const key of keys.slice(0, TOGETHER)) {
      const payload = this.#payload(database, key);
      if (payload !== null && payload.length > limits.maxItemBytes)
        return [...served, { length: payload.length }];
      // The id record tells whether it is held. If so, the item is inspected.
      if (payload === null || !isWhole(key, payload))
        return [...served, ...(await this.serve([key.id], limits))];
      served.push({ ...key, payload });
      left -= payload.length;
      if (left <= 0) break;
    }
    return served;
  }

  #headOf(id: Uint8Array): ItemHead | undefined {
    const head = this.#findHead(id);
    if (head === UNREADABLE) throw unknownItem(id);
    return head;
  }

  #findHead(id: Uint8Array): ItemHead | undefined | typeof UNREADABLE {
    const { committer, record } = this.#init;
    try {
      const value = record(id);
      if (value !== UNREADABLE) return value && decodeHead(value);
      void committer.suspect(unreadable(id));
      return value;
    } catch (error) {
      committer.met(error);
      throw error;
    }
  }

  #soundHead(id: Uint8Array): ItemHead | undefined {
    try {
      const head = this.#findHead(id);
      return head === UNREADABLE ? undefined : head;
    } catch (error) {
      if (isDamage(error)) return undefined;
      throw error;
    }
  }

  /** Null when it is damaged. */
  #item<Key extends ItemKey>(database: Database, key: Key): (Key & HeldPayload) | null {
    const payload = this.#payload(database, key);
    return payload !== null && isWhole(key, payload) ? { ...key, payload } : null;
  }

  /** Not compared with the id; null when it is missing or cannot be read. */
  #payload(database: Database, key: ItemKey): Bytes | null {
    const { committer, lifecycle } = this.#init;
    try {
      // A get that goes through the thread pool costs more than reading a record of usual size.
      const payload = tryRead(database, this.#init.keys.item(key));
      if (payload === UNREADABLE) void committer.suspect(unreadable(key.id));
      return isBytes(payload) ? (payload as Bytes) : null;
    } catch (cause) {
      if (lifecycle.refusal?.code === 'STORE_CLOSED') throw lifecycle.refusal;
      committer.met(cause);
      throw cause instanceof StoreError ? cause : unavailableDatabase(cause);
    }
  }

  /** Lets the writer inspect an item. Returns the part that was damaged and is mended or put aside. */
  async inspect(key: ItemKey): Promise<Inspection['found'] | null> {
    const { committer, lifecycle, quarantine, incidents, changes } = this.#init;
    let found: Inspection['found'] | null = null;
    await committer.commit((set) => {
      const inspection = quarantine.prepare(lifecycle.database, set, key);
      found = inspection?.found ?? null;
      return inspection?.commit ?? null;
    });
    const id = bytesToHex(key.id);
    if (found === 'item') {
      incidents.add('ITEM_DAMAGED', `item ${id} was damaged: it is put aside and wanted again`);
      changes.damaged(key);
    } else if (found === 'id record') {
      incidents.add(
        'RECORD_MENDED',
        `the id record of item ${id} was damaged: it is written again`,
      );
    }
    return found;
  }
}

function unreadable(id: Uint8Array): StoreError {
  return new StoreError('STORE_CORRUPT', `LevelDB cannot read item ${bytesToHex(id)}`);
}

type HeldPayload = Pick<HeldItem, 'payload'>;

function unknownItem(id: Uint8Array): StoreError {
  const message = `whether item ${bytesToHex(id)} is held cannot be read: its table is checked, ask again`;
  return new StoreError('STORE_UNAVAILABLE', message);
}

/** Its record may say less than it has. */
function upTo(maxItemBytes: number, item: Item): Served {
  const { length } = item.payload;
  return length > maxItemBytes ? { length } : item;
}

/** The end of the sentence on a damaged item, by the result of the inspection. */
const AFTER: Readonly<Record<Inspection['found'] | 'nothing', string>> = {
  item: 'is damaged and was put aside: fetch it from a peer again',
  'id record': 'had a damaged id record, which is mended: ask again',
  nothing: 'was not whole when it was read, and is now, or is gone: ask again',
};
