import type { ItemKey } from '../../../../src/store/index.ts';
import type { Database } from '../../../../src/store/level/index.ts';
import {
  DurableTree,
  type DurableTreeInit,
  type PreparedWrite,
} from '../../../../src/store/tree/level/index.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { openLevel } from '../support.ts';

export type SetUpOptions = Partial<
  Pick<DurableTreeInit, 'maxSnapshotAgeMs' | 'cacheBytes' | 'clock'>
>;

let trees = 0;

/**
 * Gives trees of their own in one database of the test file, which is removed when its tests are done.
 * The second argument hears of snapshots of the database that come (1) and go (-1).
 */
export function durableTrees(): (
  options?: SetUpOptions,
  count?: (snapshots: number) => void,
) => Promise<SetUp> {
  const opened = openLevel();
  return async (options = {}, count = () => {}) => setUp(await opened(), { options, count });
}

export interface SetUp {
  database: Database;
  name: string;
  init: Parameters<typeof DurableTree.open>[0];
  tree: DurableTree;
  clock: VirtualClock;
  reopen(): DurableTree;
}

async function setUp(
  database: Database,
  { options, count }: { options: SetUpOptions; count: (snapshots: number) => void },
): Promise<SetUp> {
  const name = `durable-${trees++}`;
  const clock = new VirtualClock();
  const init = {
    database: counting(database, count),
    name,
    clock,
    scheme: wideSum,
    leafItems: 4,
    fanout: 4,
    cacheBytes: 10_000,
    contains: () => false,
    ...options,
  };
  const reopen = (): DurableTree => DurableTree.open(init);
  return { database, name, init, tree: reopen(), clock, reopen };
}

function counting(database: Database, count: (snapshots: number) => void): Database {
  return new Proxy(database, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (property !== 'snapshot') return typeof value === 'function' ? value.bind(target) : value;
      return () => {
        const snapshot = target.snapshot();
        const close = snapshot.close.bind(snapshot);
        count(1);
        snapshot.close = () => {
          count(-1);
          return close();
        };
        return snapshot;
      };
    },
  });
}

export async function commit(database: Database, prepared: PreparedWrite): Promise<void> {
  await database.batch([...prepared.operations]);
  prepared.commit();
}

export async function audit(tree: DurableTree): Promise<void> {
  for await (const _ of tree.audit());
}

export function keysOf(begin: number, end: number): ItemKey[] {
  return Array.from({ length: end - begin }, (_, i) => ({
    hint: BigInt(begin + i),
    id: new Uint8Array(32).fill(begin + i),
  }));
}
