import { bytesToHex } from '../bytes.ts';
import { StoreError } from '../errors.ts';
import type { Item, ItemKey } from '../item.ts';
import type { Database } from './database.ts';
import type { Incidents } from './incidents.ts';
import type { Keeper } from './keeper.ts';
import type { ItemHead, SetKeys } from './layout.ts';
import { isDamage } from './open-set.ts';
import { type Inspection, isWhole, type Quarantine } from './quarantine.ts';
import { type Found, isBytes, tryRead } from './unreadable.ts';

export interface ItemReaderInit {
  keys: SetKeys;
  keeper: Keeper;
  quarantine: Quarantine;
  incidents: Incidents;
  /** Called when an item has left the set. */
  damaged: (key: ItemKey) => void;
}

/** Reads items, each compared with its id, and has the writer look at those that are not what they must be. */
export class ItemReader {
  readonly #init: ItemReaderInit;

  constructor(init: ItemReaderInit) {
    this.#init = init;
  }

  /** The item of an id that is held. Rejects with `STORE_CORRUPT` when it is damaged, or was until now. */
  async get(id: Uint8Array): Promise<Item | undefined> {
    const { keeper, keys } = this.#init;
    const database = await keeper.reader();
    const head = this.head(id);
    if (head === undefined) return undefined;
    const key = { hint: head.hint, id: new Uint8Array(id) };
    const value = this.#read(database, keys.item(key));
    if (isBytes(value) && isWhole(key, value)) {
      return { ...key, payload: value };
    }
    const found = await this.inspect(key);
    throw new StoreError('STORE_CORRUPT', `item ${bytesToHex(id)} ${AFTER[found ?? 'nothing']}`);
  }

  /** What the id record says. Throws `STORE_CORRUPT` when it is damaged, and has the index built again. */
  head(id: Uint8Array): ItemHead | undefined {
    const { keeper } = this.#init;
    try {
      return keeper.head(id);
    } catch (error) {
      if (isDamage(error)) keeper.damaged(error);
      throw error;
    }
  }

  /** Has the writer look at an item; what was wrong about it, and is not any more. */
  async inspect(key: ItemKey): Promise<Inspection['found'] | null> {
    const { keeper, quarantine, incidents, damaged } = this.#init;
    let found: Inspection['found'] | null = null;
    await keeper.commit((set) => {
      const inspection = quarantine.prepare(keeper.database, set, key);
      found = inspection?.found ?? null;
      return inspection?.commit ?? null;
    });
    const id = bytesToHex(key.id);
    if (found === 'item') {
      incidents.add('ITEM_DAMAGED', `item ${id} was damaged: it is put aside and wanted again`);
      damaged(key);
    } else if (found === 'id record') {
      incidents.add(
        'RECORD_MENDED',
        `the id record of item ${id} was damaged: it is written again`,
      );
    }
    return found;
  }

  #read(database: Database, key: Uint8Array): Found {
    try {
      // A get that goes through the thread pool costs more than reading a record of usual size does.
      return tryRead(database, key);
    } catch (cause) {
      const { trouble } = this.#init.keeper;
      if (trouble?.code === 'STORE_CLOSED') throw trouble;
      throw new StoreError('STORE_CORRUPT', 'the database cannot be read: check its disk', {
        cause,
      });
    }
  }
}

/** What to say of an item that was not as it must be, once the writer has looked at it. */
const AFTER: Readonly<Record<Inspection['found'] | 'nothing', string>> = {
  item: 'is damaged and was put aside: fetch it from a peer again',
  'id record': 'had a damaged id record, which is mended: ask again',
  nothing: 'was not whole when it was read, and is now, or is gone: ask again',
};
