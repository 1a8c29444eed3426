import { equalBytes } from '../../bytes.ts';
import type { HeldKey, ItemKey } from '../../item.ts';
import {
  type BatchSink,
  type Database,
  isBytes,
  type ReadResult,
  tryRead,
  tryReadMany,
} from '../../level/index.ts';
import { readOnce } from '../../ranks.ts';
import { headOf } from '../check/index.ts';
import type { DurableSet, PreparedCommit } from '../durable-set/index.ts';
import type { SetKeys } from '../records/index.ts';

export interface LowestItemsInit {
  readonly database: Database;
  readonly keys: SetKeys;
  readonly set: DurableSet;
  /** Hints from here on stay. */
  readonly below: bigint;
  /** Most items. */
  readonly most: number;
}

/** One item, and whether its id record goes with it: beside a damaged key it may be that of another item. */
interface LowestItem extends HeldKey {
  /** Payload bytes. */
  readonly bytes: number;
  readonly recorded: boolean;
}

/** The lowest items of a set, read ahead of the commit that removes them. Payloads are not read. */
export class LowestItems {
  readonly bytes: number;
  /** Items below the bound, these among them. */
  readonly below: number;
  readonly #keys: SetKeys;
  readonly #items: readonly LowestItem[];
  readonly #ids: Uint8Array;

  private constructor(
    keys: SetKeys,
    { items, ids, below }: { items: readonly LowestItem[]; ids: Uint8Array; below: number },
  ) {
    this.#keys = keys;
    this.#items = items;
    this.#ids = ids;
    this.below = below;
    this.bytes = items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  static async read({ database, keys, set, below, most }: LowestItemsInit): Promise<LowestItems> {
    const found = readOnce(set.snapshot(), (snapshot) => {
      const held = snapshot.lowerBound({ hint: below, id: null });
      const count = Math.min(held, most);
      return { held, items: [...snapshot.keys(0, count)], ids: snapshot.ids(0, count) };
    });
    const idKeys = found.items.map(({ id }) => keys.id(id));
    const records = await tryReadMany(database, idKeys);
    const items = found.items.map((key, i) => ({
      ...key,
      ...factsOf(database, keys, key, records[i]),
    }));
    return new LowestItems(keys, { items, ids: found.ids, below: found.held });
  }

  get count(): number {
    return this.#items.length;
  }

  /** The hint of the last of them. Only where there are some. */
  get last(): bigint {
    return this.#items.at(-1)!.hint;
  }

  /** Removes them; null if they are not the lowest items of the set any more. */
  removal(set: DurableSet): PreparedCommit | null {
    const { count } = this;
    const same = readOnce(
      set.snapshot(),
      (snapshot) => snapshot.size >= count && equalBytes(snapshot.ids(0, count), this.#ids),
    );
    if (!same) return null;
    const bytes = Math.min(this.bytes, set.state.bytes);
    return set.removeRun(this.#items, bytes, (sink) => this.#fill(sink));
  }

  #fill(sink: BatchSink): void {
    let [itemKey, idKey]: (Uint8Array | undefined)[] = [];
    for (const item of this.#items) {
      itemKey = this.#keys.item(item, itemKey);
      sink.del(itemKey);
      if (!item.recorded) continue;
      idKey = this.#keys.id(item.id, idKey);
      sink.del(idKey);
    }
  }
}

/** The length of the payload is read where no sound id record tells it. */
function factsOf(
  database: Database,
  keys: SetKeys,
  key: ItemKey,
  record: ReadResult,
): Pick<LowestItem, 'bytes' | 'recorded'> {
  const head = headOf(record);
  if (head?.hint === key.hint) return { bytes: head.bytes, recorded: true };
  const payload = tryRead(database, keys.item(key));
  const other = head && tryRead(database, keys.item({ hint: head.hint, id: key.id }));
  return { bytes: isBytes(payload) ? payload.length : 0, recorded: other === undefined };
}
