import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex } from '../../../../src/store/index.ts';
import { type BatchOperation, operationsOf } from '../../../../src/store/level/index.ts';
import type { LevelTreeFiles } from '../../../../src/store/tree/level/index.ts';
import {
  ByteCache,
  DurableTree,
  decodeMeta,
  encodeMeta,
  type TreeMeta,
  treeKeys,
} from '../../../../src/store/tree/level/index.ts';
import {
  type CachedPart,
  cacheKeys,
  LevelNodeWriter,
} from '../../../../src/store/tree/level/testing.ts';
import type { NodeReader } from '../../../../src/store/tree/testing.ts';
import { newLeaf, runOf } from '../../../../src/store/tree/testing.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { audit, commit, durableTrees, keysOf, type SetUp } from './support.ts';

const setUp = durableTrees();
const corrupt = { code: 'STORE_CORRUPT' };

describe('the nodes that one write changes', () => {
  const leaf = newLeaf(runOf(keysOf(0, 2)), 0);
  const below: NodeReader<number> = { node: () => leaf, summary: () => new Uint8Array(32) };

  it('are numbered on; nodes that the write itself made and freed are not written', async () => {
    const files = await filesOf();
    const writer = new LevelNodeWriter(below, 7);
    const refs = [1, 2, 3].map((byte) => writer.add(leaf, new Uint8Array(32).fill(byte)));
    assert.deepEqual([...refs, writer.nextRef], [7, 8, 9, 10]);
    writer.free(8);
    writer.free(3);
    assert.deepEqual(
      described(
        operationsOf((sink) => writer.fill(files, sink)),
        files,
      ),
      ['put node 7', 'put summary 7', 'put node 9', 'put summary 9', 'del node 3', 'del summary 3'],
    );
    assert.deepEqual(writer.summary(9), new Uint8Array(32).fill(3));
    assert.deepEqual(writer.summary(1), new Uint8Array(32), 'others are read from below');
  });

  it('are in the cache once they are on disk, and the freed ones are not', async () => {
    const files = await filesOf();
    const keysAt = (ref: number) => Object.values(cacheKeys).map((keyOf) => keyOf(ref));
    for (const key of [...keysAt(3), ...keysAt(4)]) files.cache.set(key, leaf, 100);
    const writer = new LevelNodeWriter(below, 7);
    writer.add(leaf, new Uint8Array(32).fill(1));
    writer.free(3);
    assert.equal(files.cache.get(cacheKeys.node(7)), undefined, 'not before');
    writer.publish(files);
    assert.deepEqual(
      keysAt(3).map((key) => files.cache.has(key)),
      [false, false, false],
    );
    assert.deepEqual(
      keysAt(4).map((key) => files.cache.has(key)),
      [true, true, true],
    );
    assert.equal(files.cache.get(cacheKeys.node(7)), leaf);
    assert.deepEqual(files.cache.get(cacheKeys.summary(7)), new Uint8Array(32).fill(1));
    assert.equal(writer.node(7), leaf, 'a writer on top finds them there');
    files.cache.clear();
    assert.throws(() => writer.node(7), corrupt, 'and nowhere else');
  });

  async function filesOf(): Promise<LevelTreeFiles> {
    const { database, name } = await setUp();
    const cache = new ByteCache<CachedPart>(100_000);
    return { database, name, keys: treeKeys(name), scheme: wideSum, cache };
  }
});

describe('a durable tree', () => {
  it('reads nothing from the disk that fits into its cache, and all of it where it has none', async () => {
    for (const cacheBytes of [1_000_000, 0]) {
      const { database, init } = await setUp({ cacheBytes });
      let reads = 0;
      const counting = new Proxy(database, {
        get(target, property) {
          if (property === 'getSync') reads++;
          const value = Reflect.get(target, property);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const tree = DurableTree.open({ ...init, database: counting });
      await commit(database, tree.prepare({ insert: keysOf(0, 60) }));
      reads = 0;
      const snapshot = tree.snapshot();
      assert.deepEqual([...snapshot.keys(0, 60)], keysOf(0, 60));
      snapshot.fingerprint(3, 31);
      assert.equal(reads > 0, cacheBytes === 0, `${reads} reads with ${cacheBytes} bytes`);
      const first = reads;
      snapshot.fingerprint(3, 31);
      assert.equal(reads > first, cacheBytes === 0);
      tree.close();
    }
  });

  it('refuses a meta that contradicts its root', async () => {
    const changes: Partial<TreeMeta>[] = [{ level: 1 }, { count: 59 }, { root: 1 }];
    for (const change of changes) {
      const set = await setUp();
      await commit(set.database, set.tree.prepare({ insert: keysOf(0, 60) }));
      await changeMeta(set, change);
      assert.throws(() => set.reopen(), corrupt, JSON.stringify(change));
    }
  });

  it('begins with the number 1, and opens empty again where it was emptied', async () => {
    const { database, tree, name, reopen } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 3) }));
    assert.deepEqual(await metaOf(database, name), {
      ...{ scheme: 'wide-sum', root: 1, level: 0, count: 3, nextRef: 2 },
    });
    await commit(database, tree.prepare({ remove: keysOf(0, 3) }));
    assert.deepEqual(await metaOf(database, name), {
      ...{ scheme: 'wide-sum', root: 0, level: 0, count: 0, nextRef: 2 },
    });
    const again = reopen();
    await commit(database, again.prepare({ insert: keysOf(0, 3) }));
    assert.equal((await metaOf(database, name)).root, 2);
    await audit(reopen());
  });

  it('audits fill unless told otherwise', async () => {
    const { database, init } = await setUp();
    const large = DurableTree.open({ ...init, leafItems: 8 });
    await commit(database, large.prepare({ insert: keysOf(0, 60) }));
    const small = DurableTree.open(init);
    await assert.rejects(audit(small), /too many entries/);
    for await (const _ of small.audit({ fill: false }));
  });

  it('finds a record that is left over, of a node or a summary, at the end of a thousand too', async () => {
    const { database, tree, name } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 3_200) }));
    const keys = treeKeys(name);
    for (const kind of ['node', 'summary'] as const) {
      for (const ref of [0, Number.MAX_SAFE_INTEGER]) {
        await database.put(keys[kind](ref), new Uint8Array(9));
        const message = new RegExp(`${bytesToHex(keys[kind](ref))} belongs to no node`);
        await assert.rejects(audit(tree), { ...corrupt, message }, `${kind} ${ref}`);
        await database.del(keys[kind](ref));
      }
    }
    await audit(tree);
  });

  it('finds a single record that is left over beside an empty tree', async () => {
    const { database, tree, name } = await setUp();
    await audit(tree);
    await database.put(treeKeys(name).summary(1), new Uint8Array(9));
    await assert.rejects(audit(tree), /belongs to no node/);
  });
});

describe('an audit of the records', () => {
  it('closes each list of keys that it opens, also when it is broken off, and names damage', async () => {
    const { database, tree, init } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 20) }));
    let open = 0;
    let damaged = false;
    const iterator = ((options: object) => {
      const list = database.iterator(options);
      open++;
      const close = list.close.bind(list);
      list.close = () => {
        open--;
        return close();
      };
      if (damaged) {
        const failure = Object.assign(new Error('a bad block'), { code: 'LEVEL_CORRUPTION' });
        list.nextv = () => Promise.reject(failure);
      }
      return list;
    }) as typeof database.iterator;
    const watched = new Proxy(database, {
      get(target, property) {
        if (property === 'iterator') return iterator;
        const value = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const again = DurableTree.open({ ...init, database: watched });
    await audit(again);
    assert.equal(open, 0, 'after the whole');
    for await (const _ of again.audit()) if (open > 0) break;
    assert.equal(open, 0, 'after a part');
    damaged = true;
    await assert.rejects(audit(again), corrupt);
    assert.equal(open, 0, 'after a failure');
  });
});

async function metaOf(database: SetUp['database'], name: string): Promise<TreeMeta> {
  return decodeMeta((await database.get(treeKeys(name).meta))!);
}

async function changeMeta({ database, name }: SetUp, change: Partial<TreeMeta>): Promise<void> {
  const meta = await metaOf(database, name);
  await database.put(treeKeys(name).meta, encodeMeta({ ...meta, ...change }));
}

function described(operations: readonly BatchOperation[], { keys }: LevelTreeFiles): string[] {
  const names = new Map<string, string>();
  for (let ref = 0; ref < 20; ref++) {
    names.set(bytesToHex(keys.node(ref)), `node ${ref}`);
    names.set(bytesToHex(keys.summary(ref)), `summary ${ref}`);
  }
  return operations.map(({ type, key }) => `${type} ${names.get(bytesToHex(key))}`);
}
