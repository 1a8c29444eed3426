import { bytesToHex } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import type { Item, ItemKey } from '../../item.ts';
import type { Database } from '../../level/index.ts';
import { isBytes, type ReadResult, tryRead } from '../../level/index.ts';
import { isWhole } from '../check/index.ts';
import type { Committer } from '../commit/index.ts';
import { isDamage } from '../durable-set/index.ts';
import type { Incidents } from '../incidents.ts';
import type { Inspection, Quarantine } from '../quarantine/index.ts';
import { decodeHead, type ItemHead, type SetKeys } from '../records/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import type { SetChanges } from '../set-changes.ts';
import type { Served, ServeLimits } from '../types.ts';

export interface ItemReaderInit {
  keys: SetKeys;
  committer: Committer;
  lifecycle: SetLifecycle;
  quarantine: Quarantine;
  incidents: Incidents;
  /** The id record of an item that is held. */
  record: (id: Uint8Array) => Uint8Array | undefined;
  changes: SetChanges;
}

/** Ids looked up in one go at the most. */
const TOGETHER = 64;

/** Reads items, each compared with its id, and has the writer look at those that are not what they must be. */
export class ItemReader {
  readonly #init: ItemReaderInit;

  constructor(init: ItemReaderInit) {
    this.#init = init;
  }

  /** An item that is held. Rejects with `STORE_CORRUPT` when it is damaged, or was until now. */
  async get(id: Uint8Array): Promise<Item | undefined> {
    const database = await this.#init.lifecycle.reader();
    const head = this.#headOf(id);
    if (head === undefined) return undefined;
    const key = { hint: head.hint, id: new Uint8Array(id) };
    const item = this.#item(database, key);
    if (item !== null) return item;
    const found = await this.inspect(key);
    throw new StoreError('STORE_CORRUPT', `item ${bytesToHex(id)} ${AFTER[found ?? 'nothing']}`);
  }

  /** What the id record says. Rejects with `STORE_CORRUPT` when it is damaged, and has the index built again. */
  async head(id: Uint8Array): Promise<ItemHead | undefined> {
    await this.#init.lifecycle.reader();
    return this.#headOf(id);
  }

  /** Answers to the first of `ids`, in order, at least one. What is damaged counts as not held. */
  async serve(ids: readonly Uint8Array[], limits: ServeLimits): Promise<Served[]> {
    const database = await this.#init.lifecycle.reader();
    const served: Served[] = [];
    let left = limits.maxBytes;
    for (const id of ids.slice(0, TOGETHER)) {
      const head = this.#soundHead(id);
      if (head !== undefined && head.bytes <= limits.maxItemBytes) {
        if (head.bytes > left && served.length > 0) break;
        const item = this.#item(database, { hint: head.hint, id });
        if (item === null) {
          await this.#putAside({ hint: head.hint, id: id.slice() });
          // By then the database may be another one.
          return [...served, undefined];
        }
        served.push(upTo(limits.maxItemBytes, item));
        left -= item.payload.length;
      } else served.push(head && { length: head.bytes });
    }
    return served;
  }

  /** What cannot be put aside now will be when it is read again. */
  async #putAside(key: ItemKey): Promise<void> {
    await this.inspect(key).catch(() => null);
  }

  #headOf(id: Uint8Array): ItemHead | undefined {
    const { committer, record } = this.#init;
    try {
      const value = record(id);
      return value && decodeHead(value);
    } catch (error) {
      if (isDamage(error)) committer.damaged(error);
      throw error;
    }
  }

  #soundHead(id: Uint8Array): ItemHead | undefined {
    try {
      return this.#headOf(id);
    } catch (error) {
      if (isDamage(error)) return undefined;
      throw error;
    }
  }

  /** Null when it is damaged. */
  #item(database: Database, key: ItemKey): Item | null {
    const value = this.#read(database, this.#init.keys.item(key));
    return isBytes(value) && isWhole(key, value) ? { ...key, payload: value } : null;
  }

  /** Has the writer look at an item; what was wrong about it, and is not any more. */
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

  #read(database: Database, key: Uint8Array): ReadResult {
    try {
      // A get that goes through the thread pool costs more than reading a record of usual size does.
      return tryRead(database, key);
    } catch (cause) {
      const { refusal } = this.#init.lifecycle;
      if (refusal?.code === 'STORE_CLOSED') throw refusal;
      throw new StoreError('STORE_CORRUPT', 'the database cannot be read: check its disk', {
        cause,
      });
    }
  }
}

/** Its record may say less than it has. */
function upTo(maxItemBytes: number, item: Item): Served {
  const { length } = item.payload;
  return length > maxItemBytes ? { length } : item;
}

/** What to say of an item that was not as it must be, once the writer has looked at it. */
const AFTER: Readonly<Record<Inspection['found'] | 'nothing', string>> = {
  item: 'is damaged and was put aside: fetch it from a peer again',
  'id record': 'had a damaged id record, which is mended: ask again',
  nothing: 'was not whole when it was read, and is now, or is gone: ask again',
};
