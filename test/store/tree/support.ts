import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { Level } from 'level';
import {
  INFINITE_HINT,
  type ItemKey,
  type Snapshot,
  type Storage,
  subRange,
  ZERO_BOUND,
} from '../../../src/store/index.ts';
import type { Database } from '../../../src/store/level/index.ts';
import type { TreeShapeInit } from '../../../src/store/tree/index.ts';
import { LevelTree, type LevelTreeInit } from '../../../src/store/tree/level/index.ts';
import { MemoryTree } from '../../../src/store/tree/memory/index.ts';
import type { TestStorage } from '../../conformance/storage.ts';
import { VirtualClock } from '../../support/clock.ts';

/** Node sizes from the smallest on; the last are the defaults. */
export const SHAPES: readonly { leafItems?: number; fanout?: number }[] = [
  { leafItems: 2, fanout: 2 },
  { leafItems: 3, fanout: 2 },
  { leafItems: 2, fanout: 3 },
  { leafItems: 4, fanout: 4 },
  {},
];

export function nameOf({ leafItems, fanout }: { leafItems?: number; fanout?: number }): string {
  return leafItems === undefined ? 'default nodes' : `leaves of ${leafItems}, fanout ${fanout}`;
}

/** A tree in memory that checks its invariants after every write. */
export class CheckedMemoryTree extends MemoryTree {
  override insert(keys: readonly ItemKey[]): ItemKey[] {
    const added = super.insert(keys);
    this.check();
    return added;
  }

  override remove(ids: readonly Uint8Array[]): number {
    const removed = super.remove(ids);
    this.check();
    return removed;
  }
}

/** A tree in LevelDB that checks invariants and leftover records after every write. */
export class CheckedLevelTree {
  readonly tree: LevelTree;

  constructor(tree: LevelTree) {
    this.tree = tree;
  }

  get scheme(): LevelTree['scheme'] {
    return this.tree.scheme;
  }

  get size(): number {
    return this.tree.size;
  }

  async insert(keys: readonly ItemKey[]): Promise<ItemKey[]> {
    const added = await this.tree.insert(keys);
    await audit(this.tree);
    return added;
  }

  async remove(ids: readonly Uint8Array[]): Promise<number> {
    const removed = await this.tree.remove(ids);
    await audit(this.tree);
    return removed;
  }

  contains(id: Uint8Array): boolean {
    return this.tree.contains(id);
  }

  snapshot(): Snapshot {
    return this.tree.snapshot();
  }
}

export async function audit(tree: LevelTree): Promise<void> {
  for await (const _ of tree.audit());
}

/** Gives trees of their own in one database, which is removed when the tests of the file are done. */
export function levelTrees(): (init: Partial<LevelTreeInit> & TreeShapeInit) => Promise<LevelTree> {
  const opened = openLevel();
  let count = 0;
  return async (init) => {
    const database = await opened();
    const name = `tree-${count++}`;
    return LevelTree.open({
      database,
      name,
      clock: new VirtualClock(),
      cacheBytes: 20_000,
      ...init,
    });
  };
}

/** The database of a test file, opened when first asked for. */
export function openLevel(): () => Promise<Database> {
  let opened: Promise<{ path: string; database: Database }> | undefined;
  after(async () => {
    if (opened === undefined) return;
    const { path, database } = await opened;
    await database.close();
    await rm(path, { recursive: true });
  });
  return async () => {
    opened ??= openIn();
    return (await opened).database;
  };
}

async function openIn(): Promise<{ path: string; database: Database }> {
  const path = await mkdtemp(join(tmpdir(), 'rangemesh-tree-'));
  const database = new Level<Uint8Array, Uint8Array>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
  });
  await database.open();
  return { path, database };
}

/** An item above everything the conformance suite inserts: the upper bound, and so outside. */
const OUTSIDE: ItemKey = { hint: INFINITE_HINT - 1n, id: new Uint8Array(32).fill(255) };

/** A storage seen through its sub-range below one item that it holds as well. */
export async function belowOutside(storage: TestStorage): Promise<TestStorage> {
  await storage.insert([OUTSIDE]);
  return {
    scheme: storage.scheme,
    get size() {
      return storage.size - 1;
    },
    insert: (keys) => storage.insert(keys),
    remove: (ids) => storage.remove(ids),
    contains: (id) => storage.contains(id),
    snapshot: () => subRange(storage.snapshot(), ZERO_BOUND, OUTSIDE),
  } as Storage;
}
