import { readU64BE } from '../../bytes.ts';
import {
  type BatchOperation,
  clearRange,
  type Database,
  isBytes,
  isUnreadable,
  type KeyRangeBytes,
  passOver,
  plain,
  RecordError,
  tryRead,
  walk,
  writeSynced,
} from '../../level/index.ts';
import { type DurableTree, decodeMeta, encodeMeta, type TreeMeta } from '../../tree/index.ts';
import { settleOrder } from '../arrivals/index.ts';
import { type FoundItem, findItems, idRecordFault } from '../check/index.ts';
import { DurableSet, type DurableSetInit } from '../durable-set/index.ts';
import { totalBytes } from '../payload-bytes.ts';
import {
  EMPTY_STATE,
  encodeFloor,
  encodeHead,
  encodeState,
  placeIn,
  type SetKeys,
  type SetState,
  type Totals,
  withFloor,
} from '../records/index.ts';
import { mendIds } from './mend-ids.ts';

export interface RebuildInit extends DurableSetInit {
  /** The last known state, if any. */
  readonly state: SetState | null;
  /** Whether items may be missing, so that the set should be refilled by its peers. */
  readonly lossy: boolean;
  /** Whether the order of arrival stays if it is whole: no commit that was on disk is gone. */
  readonly orderStays: boolean;
  /** Called after each step with the items done so far; an error that it throws ends the rebuild. */
  readonly progress: (items: number) => void;
}

export interface Rebuilt {
  readonly state: SetState;
  /** Items with unreadable payloads that were put aside. */
  readonly unreadable: number;
}

/**
 * Builds tree, id records and totals of a set again from its items, with an empty buffer. The order of
 * arrival is written again too, unless it is whole. Takes bounded memory. Unreadable records are passed over. After a crash the state says that the index is
 * unfinished, so it is built anew.
 */
export async function rebuildIndex(init: RebuildInit): Promise<Rebuilt> {
  const { database, keys } = init;
  const begun = await beginRebuild(init);
  for (const range of [keys.nodes, keys.summaries, keys.logs]) await clearRange(database, range);
  const tree = DurableSet.openTree(init);
  const filled = await fillIndex(init, tree);
  const { items, bytes, unreadable } = await mendIds(init, tree, filled);
  tree.close();
  const progress = (): void => init.progress(items);
  const order = await settleOrder({ ...init, progress }, { ...begun, items });
  const state = { ...begun, ...order, items, bytes, rebuilding: false };
  await writeSynced(database, [{ type: 'put', key: keys.state, value: encodeState(state) }]);
  return { state, unreadable };
}

async function beginRebuild(init: RebuildInit): Promise<SetState> {
  const { database, keys } = init;
  const found = init.state ?? { ...EMPTY_STATE, commit: await lastNumber(database, keys.logs) };
  const state = withFloor(database, keys, found);
  const begun: SetState = {
    ...state,
    commit: state.commit + 1,
    logBegin: state.commit + 2,
    trimBegin: state.commit + 2,
    rebuilding: true,
    needsRefill: state.needsRefill || init.lossy,
    epoch: init.orderStays ? state.epoch : 0n,
  };
  const copy: BatchOperation[] =
    begun.floor === 0n && begun.believedAt === 0
      ? []
      : [{ type: 'put', key: keys.floor, value: encodeFloor(begun) }];
  await writeSynced(database, [
    ...copy,
    { type: 'put', key: keys.state, value: encodeState(begun) },
    { type: 'put', key: keys.tree.meta, value: encodeMeta(await emptyMeta(init)) },
  ]);
  return begun;
}

/**
 * The meta of an empty tree whose nodes get fresh numbers: see "A rebuilt index continues the node
 * numbers" in docs/decisions.md.
 */
async function emptyMeta({ database, keys, scheme }: RebuildInit): Promise<TreeMeta> {
  let nextRef = metaNextRef(database, keys);
  for (const range of [keys.nodes, keys.summaries]) {
    nextRef = Math.max(nextRef, (await lastNumber(database, range)) + 1);
  }
  return { scheme: scheme.name, root: 0, level: 0, count: 0, nextRef };
}

function metaNextRef(database: Database, keys: SetKeys): number {
  const record = tryRead(database, keys.tree.meta);
  if (!isBytes(record)) return 1;
  try {
    return decodeMeta(record).nextRef;
  } catch (error) {
    if (error instanceof RecordError) return 1;
    throw error;
  }
}

/** The number at the end of the last readable key of a range; 0 if there is none. */
async function lastNumber(database: Database, range: KeyRangeBytes): Promise<number> {
  const last = database.keys({ ...range, reverse: true });
  try {
    const key = await last.next();
    return key === undefined ? 0 : Number(readU64BE(plain(key), key.length - 8));
  } catch (error) {
    if (isUnreadable(error)) return 0;
    throw error;
  } finally {
    await last.close();
  }
}

async function fillIndex(init: RebuildInit, tree: DurableTree): Promise<Totals> {
  const { database, keys } = init;
  let items = 0;
  let bytes = 0;
  for await (const page of walk(database, keys.items, { unreadable: passOver })) {
    const found = (await findItems(database, keys, page)).items;
    const write = tree.prepare({ insert: found });
    await writeSynced(database, [...write.operations, ...idRecordRepairs(keys, found)]);
    write.commit();
    items += found.length;
    bytes += totalBytes(found);
    init.progress(items);
  }
  return { items, bytes };
}

function idRecordRepairs(keys: SetKeys, found: readonly FoundItem[]): BatchOperation[] {
  const faulty = found.filter((item) => idRecordFault(item) !== null);
  return faulty.map(({ hint, id, payload, idRecord }) => {
    const value = encodeHead({ hint, bytes: payload.length, seq: placeIn(idRecord) });
    return { type: 'put', key: keys.id(id), value };
  });
}
