import type { TestContext } from 'node:test';
import {
  type Database,
  itemId,
  type NewItem,
  Replica,
  type ReplicaInit,
} from '../../../src/store/index.ts';
import { type SetKeys, setKeys } from '../../../src/store/replica/records/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { items } from './support.ts';

export const KEYS: SetKeys = setKeys('set');

/** Small nodes and a small buffer, so that a few items make a tree of several levels. */
export const SMALL_INDEX = { bufferItems: 16, leafItems: 4, fanout: 4 };

/** A set whose database lies in memory, and outlives the replica. */
export class MemorySet {
  readonly database: Database = memoryDatabase();
  readonly clock: VirtualClock = new VirtualClock();
  readonly disk: FakeDisk = new FakeDisk();

  /** A set that holds `given`, closed again; `damage` has changed its database. */
  static async of(
    given: number | readonly NewItem[],
    damage?: (database: Database) => Promise<unknown>,
  ): Promise<MemorySet> {
    const set = new MemorySet();
    const replica = await set.reopen();
    await replica.put(typeof given === 'number' ? items(given) : given);
    await replica.close();
    if (damage === undefined) return set;
    await set.database.open();
    await damage(set.database);
    await set.database.close();
    return set;
  }

  /** Opens the replica, closed after the test. */
  async open(t: TestContext, init: Partial<ReplicaInit> = {}): Promise<Replica> {
    const replica = await this.reopen(init);
    cleanUp(t, () => replica.close());
    return replica;
  }

  /** Opens the replica, which the caller closes. */
  reopen(init: Partial<ReplicaInit> = {}): Promise<Replica> {
    const { database, clock, disk } = this;
    return Replica.open({ database, clock, disk, scheme: wideSum, index: SMALL_INDEX, ...init });
  }
}

export function codes(replica: Replica): string[] {
  return replica.status().incidents.map(({ code }) => code);
}

export function idOf({ hint, payload }: NewItem): Uint8Array {
  return itemId(hint, payload);
}

/** Flips a bit of a record, in its middle or at a place. */
export async function flip(database: Database, key: Uint8Array, at?: number): Promise<void> {
  const value = new Uint8Array((await database.get(key))!);
  value[at ?? value.length >> 1]! ^= 4;
  await database.put(key, value);
}

/** Flips a bit of the payload of an item. */
export function flipItem(database: Database, one: NewItem): Promise<void> {
  return flip(database, KEYS.item({ hint: one.hint, id: idOf(one) }));
}

/** What LevelDB says of a block that it cannot read. */
export function corruption(): Error {
  return Object.assign(new Error('checksum mismatch'), { code: 'LEVEL_CORRUPTION' });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * Has LevelDB's iterators pass over these keys, as they do over what lies in a block that they cannot
 * read; those of `lost` cannot be read by their keys either.
 */
export function hide(
  database: Database,
  hidden: readonly Uint8Array[],
  lost: readonly Uint8Array[] = [],
): void {
  const begin = database.iterator.bind(database) as (
    options: object,
  ) => ReturnType<Database['iterator']>;
  database.iterator = ((options: object) => {
    const iterator = begin(options);
    const nextv = iterator.nextv.bind(iterator) as (
      size: number,
    ) => Promise<[Uint8Array, unknown][]>;
    iterator.nextv = (async (size: number) =>
      (await nextv(size)).filter(([at]) => !hidden.some((one) => same(one, at)))) as never;
    return iterator;
  }) as never;
  const getSync = database.getSync.bind(database);
  database.getSync = ((at: Uint8Array, options: object) => {
    if (lost.some((one) => same(one, at))) throw corruption();
    return getSync(at, options as never);
  }) as never;
  const getMany = database.getMany.bind(database);
  database.getMany = (async (keys: Uint8Array[], options: object) => {
    if (keys.some((at) => lost.some((one) => same(one, at)))) throw corruption();
    return getMany(keys, options as never);
  }) as never;
}
