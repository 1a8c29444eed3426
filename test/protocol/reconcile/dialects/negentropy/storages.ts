import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import {
  type Database,
  FlatVector,
  type ItemKey,
  LevelTree,
  MemoryTree,
  openDatabase,
  type Snapshot,
  SortedVector,
  sum256,
} from '../../../../../src/store/index.ts';
import { VirtualClock } from '../../../../support/clock.ts';

/** Makes sets for the dialect to reconcile. */
export interface TestSets {
  readonly name: string;
  snapshot(keys: readonly ItemKey[]): Promise<Snapshot>;
  /** Snapshots of two sets that share key objects. */
  snapshots(a: readonly ItemKey[], b: readonly ItemKey[]): Promise<[Snapshot, Snapshot]>;
}

/** A set that can be changed. */
interface Changeable {
  insert(keys: readonly ItemKey[]): unknown;
  remove(ids: readonly Uint8Array[]): unknown;
  snapshot(): Snapshot;
}

/** Keys inserted at a time. */
const BATCH = 20_000;

/** Test sets of a kind that can be changed: the second of two is made from the first. */
function changeable(name: string, make: () => Promise<Changeable> | Changeable): TestSets {
  const fill = async (set: Changeable, keys: readonly ItemKey[]): Promise<Snapshot> => {
    for (let at = 0; at < keys.length; at += BATCH) await set.insert(keys.slice(at, at + BATCH));
    return set.snapshot();
  };
  return {
    name,
    snapshot: async (keys) => fill(await make(), keys),
    async snapshots(a, b) {
      const set = await make();
      const first = await fill(set, a);
      const [inA, inB] = [new Set(a), new Set(b)];
      await set.remove(a.filter((key) => !inB.has(key)).map(({ id }) => id));
      return [
        first,
        await fill(
          set,
          b.filter((key) => !inA.has(key)),
        ),
      ];
    },
  };
}

export const flatVectors: TestSets = {
  name: 'vector',
  snapshot: async (keys) => flat(keys),
  snapshots: async (a, b) => [flat(a), flat(b)],
};

export function flat(keys: Iterable<ItemKey>): Snapshot {
  const vector = new FlatVector();
  for (const { hint, id } of keys) vector.insert(hint, id);
  vector.seal();
  return vector.snapshot();
}

/** One of each kind; to be called once a file, outside of its tests. */
export function everyStorage(): TestSets[] {
  return [flatVectors, sortedVectors, memoryTrees, levelTrees()];
}

const sortedVectors = changeable('sorted vector', () => new SortedVector({ scheme: sum256 }));

const memoryTrees = changeable(
  'tree',
  () => new MemoryTree({ scheme: sum256, leafItems: 16, fanout: 8 }),
);

/** All in one database, by name. */
function levelTrees(): TestSets {
  let opened: Promise<{ path: string; database: Database }> | undefined;
  let count = 0;
  after(async () => {
    const found = await opened;
    await found?.database.close();
    if (found !== undefined) await rm(found.path, { recursive: true });
  });
  return changeable('level', async () => {
    opened ??= openIn();
    const { database } = await opened;
    const name = `set-${count++}`;
    return LevelTree.open({ database, name, scheme: sum256, clock: new VirtualClock() });
  });
}

async function openIn(): Promise<{ path: string; database: Database }> {
  const path = await mkdtemp(join(tmpdir(), 'rangemesh-negentropy-'));
  return { path, database: await openDatabase(path) };
}
