import type { AbstractSnapshot } from 'abstract-level';
import { WriteBuffer } from '../../buffer/index.ts';
import { readU64BE } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import { RecordError, readSync, type WalkOptions, walk } from '../../level/index.ts';
import { checkEnd, freshEpoch } from '../arrivals/index.ts';
import {
  decodeLogEntry,
  decodeState,
  EMPTY_STATE,
  type LoggedEntry,
  type SetState,
  withFloor,
} from '../records/index.ts';
import { DurableSet } from './durable-set.ts';
import { Replay } from './replay.ts';
import type { DurableSetInit } from './set-shape.ts';

/** A set that is ready for use, or the damage because of which its index must be built again. */
export type OpenedSet =
  | { readonly set: DurableSet; readonly damage: null; readonly state: SetState }
  | {
      readonly set: null;
      readonly damage: Damage;
      /** Null when the state cannot be read. */
      readonly state: SetState | null;
    };

export interface Damage {
  readonly code: 'COMMITS_LOST' | 'INDEX_DAMAGED' | 'REBUILD_INTERRUPTED';
  readonly message: string;
  /** Whether commits that were on disk may be gone, as with `COMMITS_LOST`. @default false */
  readonly commitsGone?: boolean;
}

/**
 * Opens the set that lies in a database: reads its state, the meta and root of its tree, and its log.
 * Rejects with `UNSUPPORTED_SCHEMA` if its tree is of another scheme.
 */
export async function openSet(init: DurableSetInit): Promise<OpenedSet> {
  let state: SetState | null = null;
  try {
    state = await readState(init);
    if (state.rebuilding) {
      const message = 'building the index again was interrupted: it begins anew';
      return { set: null, damage: { code: 'REBUILD_INTERRUPTED', message }, state };
    }
    state = withEpoch(state, init);
    const buffer = await readBuffer(init, state);
    await checkEnd({ ...init, state });
    const tree = DurableSet.openTree(init);
    if (tree.size + buffer.size !== state.items) {
      throw new StoreError(
        'STORE_CORRUPT',
        `the index holds ${tree.size + buffer.size} items, the state says ${state.items}`,
      );
    }
    return { set: new DurableSet(init, tree, state, buffer), damage: null, state };
  } catch (error) {
    return { set: null, damage: damageOf(error), state };
  }
}

/** The state of the set. Throws `STORE_CORRUPT` when it is damaged, or gone while items are there. */
export async function readState({
  database,
  keys,
}: Pick<DurableSetInit, 'database' | 'keys'>): Promise<SetState> {
  const value = readSync(database, keys.state);
  if (value !== undefined) return withFloor(database, keys, decodeState(value));
  for await (const _ of database.keys({ ...keys.items, limit: 1 })) {
    throw new StoreError('STORE_CORRUPT', 'there are items and no state');
  }
  return withFloor(database, keys, EMPTY_STATE);
}

/** An empty set that has no epoch yet gets one. Throws `STORE_CORRUPT` when a set of items has none. */
function withEpoch(state: SetState, { random }: Pick<DurableSetInit, 'random'>): SetState {
  if (state.epoch !== 0n) return state;
  if (state.items > 0) throw new StoreError('STORE_CORRUPT', 'the order of arrival is unfinished');
  const epoch = freshEpoch(random);
  return { ...state, epoch, order: epoch, arrivals: 0, arrivalsBegin: 1 };
}

/** The log records that must be there, in order. Throws a `GapError` unless they are. */
export async function* readLog(
  { database, keys }: Pick<DurableSetInit, 'database' | 'keys'>,
  state: SetState,
  options: WalkOptions = {},
): AsyncGenerator<LoggedEntry, void> {
  const range = { gte: keys.log(state.logBegin), lt: keys.logs.lt };
  let next = state.logBegin;
  for await (const records of walk(database, range, options)) {
    for (const [key, value] of records) {
      const commit = Number(readU64BE(key, key.length - 8));
      if (commit !== next) throw new GapError(next, Math.min(commit - 1, state.commit));
      next++;
      yield decodeLogEntry(value);
    }
  }
  if (next <= state.commit) throw new GapError(next, state.commit);
}

/** The buffer that follows from the log, as of now or of a snapshot. Throws like `readLog`. */
export async function readBuffer(
  init: Pick<DurableSetInit, 'database' | 'keys' | 'scheme'>,
  state: SetState,
  snapshot?: AbstractSnapshot,
): Promise<WriteBuffer> {
  const replay = new Replay();
  const options = snapshot === undefined ? {} : { snapshot };
  let commit = state.logBegin;
  for await (const entry of readLog(init, state, options)) replay.add(commit++, entry);
  return WriteBuffer.of({ scheme: init.scheme }, replay.result());
}

/** Acknowledged commits are missing in the database. */
class GapError extends Error {
  override readonly name = 'GapError';

  constructor(first: number, last: number) {
    super(
      first === last ? `commit ${first} is missing` : `commits ${first} to ${last} are missing`,
    );
  }
}

function damageOf(error: unknown): Damage {
  if (error instanceof GapError) return { code: 'COMMITS_LOST', message: error.message };
  if (isDamage(error)) return { code: 'INDEX_DAMAGED', message: (error as Error).message };
  throw error;
}

/**
 * Whether an error says that the index is damaged. The tree throws RangeErrors if a key to insert is
 * there, or a key to remove is not.
 */
export function isDamage(error: unknown): boolean {
  if (error instanceof RecordError || error instanceof RangeError) return true;
  return error instanceof StoreError && error.code === 'STORE_CORRUPT';
}
