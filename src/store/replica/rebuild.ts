import { concatBytes, equalBytes, readU64BE } from '../bytes.ts';
import type { ItemKey } from '../item.ts';
import type { DurableTree } from '../tree/level/durable-tree.ts';
import { decodeMeta, encodeMeta, type TreeMeta } from '../tree/level/meta.ts';
import { RecordError } from '../tree/level/record.ts';
import {
  type BatchOperation,
  type Database,
  plain,
  rethrow,
  VIEWS,
  writeSynced,
} from './database.ts';
import { DurableSet, type DurableSetInit } from './durable-set.ts';
import { decodeItemKey, encodeHead, type SetKeys } from './layout.ts';
import { EMPTY_STATE, encodeState, type SetState } from './state.ts';
import { walk } from './walk.ts';

export interface RebuildInit extends DurableSetInit {
  /** The last state known; null when none is. */
  readonly state: SetState | null;
  /** Whether items may be missing, so that the set should be refilled by its peers. */
  readonly lossy: boolean;
  /** Called after each step with the items done so far; what it throws ends the rebuild. */
  readonly progress: (items: number) => void;
}

/**
 * Builds the index of a set again from its items: the tree, the id records and the totals; the buffer
 * is empty then. Takes little memory whatever the size of the set. Until it is through, the state says
 * that the index is unfinished, so that a crash on the way begins it anew.
 */
export async function rebuildIndex(init: RebuildInit): Promise<SetState> {
  const { database, keys } = init;
  const begun = await beginRebuild(init);
  for (const range of [keys.nodes, keys.summaries, keys.logs]) await database.clear(range);
  const tree = DurableSet.openTree(init);
  const totals = await fillIndex(init, tree);
  tree.close();
  await dropStrayIds(database, keys, totals.items);
  const { items, bytes } = totals;
  const state = { ...begun, items, bytes, rebuilding: false };
  await writeSynced(database, [{ type: 'put', key: keys.state, value: encodeState(state) }]);
  return state;
}

async function beginRebuild(init: RebuildInit): Promise<SetState> {
  const { database, keys } = init;
  const state = init.state ?? { ...EMPTY_STATE, commit: await lastLogged(database, keys) };
  const { commit, items, bytes, needsRefill } = state;
  const next = commit + 1;
  const begun: SetState = {
    commit: next,
    logBegin: next + 1,
    trimBegin: next + 1,
    items,
    bytes,
    rebuilding: true,
    needsRefill: needsRefill || init.lossy,
  };
  await writeSynced(database, [
    { type: 'put', key: keys.state, value: encodeState(begun) },
    { type: 'put', key: keys.tree.meta, value: encodeMeta(await emptyMeta(init)) },
  ]);
  return begun;
}

/**
 * The meta of an empty tree whose nodes get other numbers than any before. LevelDB 1.20 may, once it
 * has compacted, answer with an older version of a record that was deleted and written again while a
 * snapshot was held (its issue 320), so no number is used twice.
 */
async function emptyMeta({ database, keys, scheme }: RebuildInit): Promise<TreeMeta> {
  let nextRef = await metaNextRef(database, keys);
  for (const range of [keys.nodes, keys.summaries]) {
    for await (const key of database.keys({ ...range, reverse: true, limit: 1 })) {
      nextRef = Math.max(nextRef, Number(readU64BE(key, key.length - 8)) + 1);
    }
  }
  return { scheme: scheme.name, root: 0, level: 0, count: 0, nextRef };
}

async function metaNextRef(database: Database, keys: SetKeys): Promise<number> {
  const record = await database.get(keys.tree.meta, VIEWS).catch(rethrow);
  try {
    return record === undefined ? 1 : decodeMeta(record).nextRef;
  } catch (error) {
    if (error instanceof RecordError) return 1;
    throw error;
  }
}

/** The last commit that left a log record. */
async function lastLogged(database: Database, keys: SetKeys): Promise<number> {
  for await (const key of database.keys({ ...keys.logs, reverse: true, limit: 1 })) {
    return Number(new DataView(key.buffer, key.byteOffset + key.length - 8).getBigUint64(0));
  }
  return 0;
}

async function fillIndex(
  init: RebuildInit,
  tree: DurableTree,
): Promise<{ items: number; bytes: number }> {
  const { database, keys } = init;
  let items = 0;
  let bytes = 0;
  for await (const records of walk(database, keys.items)) {
    const found = records.flatMap(([key, payload]) => {
      const item = decodeItemKey(keys, key);
      return item === null ? [] : [{ key: item, bytes: payload.length }];
    });
    const write = tree.prepare({ insert: found.map(({ key }) => key) });
    const operations = [...write.operations, ...(await missingHeads(init, found))];
    await writeSynced(database, operations);
    write.commit();
    items += found.length;
    bytes += found.reduce((sum, item) => sum + item.bytes, 0);
    init.progress(items);
  }
  return { items, bytes };
}

/** The id records that are not as they must be. */
async function missingHeads(
  { database, keys }: RebuildInit,
  found: readonly { key: ItemKey; bytes: number }[],
): Promise<BatchOperation[]> {
  const idKeys = found.map(({ key }) => keys.id(key.id));
  const values = await database.getMany(idKeys).catch(rethrow);
  return found.flatMap(({ key, bytes }, i): BatchOperation[] => {
    const head = encodeHead({ hint: key.hint, bytes });
    const value = values[i];
    if (value !== undefined && equalBytes(plain(value), head)) return [];
    return [{ type: 'put', key: idKeys[i]!, value: head }];
  });
}

/** Deletes the id records of items that are not there. */
async function dropStrayIds(database: Database, keys: SetKeys, items: number): Promise<void> {
  let ids = 0;
  for await (const records of walk(database, keys.ids, { values: false })) ids += records.length;
  if (ids === items) return;
  for await (const records of walk(database, keys.ids)) {
    const stray = await strayAmong(database, keys, records);
    if (stray.length > 0) await writeSynced(database, stray);
  }
}

async function strayAmong(
  database: Database,
  keys: SetKeys,
  records: readonly [Uint8Array, Uint8Array][],
): Promise<BatchOperation[]> {
  const itemKeys = records.map(([key, value]) => {
    const id = key.subarray(keys.ids.gte.length);
    return concatBytes(keys.items.gte, value.subarray(0, 8), id);
  });
  const there = await database.hasMany(itemKeys).catch(rethrow);
  return records.flatMap(([key], i) => (there[i] ? [] : [{ type: 'del' as const, key }]));
}
