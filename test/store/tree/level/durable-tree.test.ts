import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { composite, sum256 } from '../../../../src/store/fingerprint/index.ts';
import { bytesToHex, StoreError } from '../../../../src/store/index.ts';
import { DurableTree, treeKeys } from '../../../../src/store/tree/level/index.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { audit, commit, durableTrees, keysOf } from './support.ts';

const setUp = durableTrees();

/** Each reads the first leaf. */
const READS: ((snapshot: ReturnType<DurableTree['snapshot']>) => unknown)[] = [
  (snapshot) => snapshot.select(0),
  (snapshot) => snapshot.lowerBound(keysOf(1, 2)[0]!),
  (snapshot) => snapshot.countBelow((_, rank) => rank < 1),
  (snapshot) => [...snapshot.keys(0, 1)],
  (snapshot) => snapshot.ids(0, 1),
  (snapshot) => [...snapshot.idRuns(0, 1)],
  (snapshot) => snapshot.fingerprint(0, 1),
  (snapshot) => snapshot.fingerprints([0, 1]),
  (snapshot) => snapshot.edgeNear(1),
];

describe('durable tree', () => {
  it('shows a write neither before it is committed nor when it is discarded', async () => {
    const { database, tree, reopen } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 20) }));
    const discarded = tree.prepare({ insert: keysOf(20, 40) });
    discarded.discard();
    assert.equal(tree.size, 20);
    const written = tree.prepare({ insert: keysOf(40, 60), remove: keysOf(0, 10) });
    await database.batch([...written.operations]);
    const between = tree.snapshot();
    assert.deepEqual([...between.keys(0, between.size)], keysOf(0, 20));
    written.commit();
    const wanted = [...keysOf(10, 20), ...keysOf(40, 60)];
    assert.deepEqual([...tree.snapshot().keys(0, 30)], wanted);
    assert.deepEqual([...between.keys(0, between.size)], keysOf(0, 20));
    await audit(tree);
    assert.deepEqual([...reopen().snapshot().keys(0, 30)], wanted);
  });

  it('takes one write at a time, and settles each once', async () => {
    const { database, tree } = await setUp();
    const first = tree.prepare({ insert: keysOf(0, 5) });
    assert.throws(() => tree.prepare({ insert: keysOf(5, 6) }), /committed or discarded first/);
    await commit(database, first);
    const second = tree.prepare({ insert: keysOf(5, 6) });
    first.commit();
    first.discard();
    await commit(database, second);
    assert.equal(tree.size, 6);
    await audit(tree);
  });

  it('can be used on after keys it refuses', async () => {
    const { database, name, tree } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 5) }));
    assert.throws(() => tree.prepare({ insert: keysOf(4, 6) }), RangeError);
    assert.throws(() => tree.prepare({ remove: keysOf(5, 6) }), RangeError);
    await commit(database, tree.prepare({ remove: keysOf(0, 5) }));
    assert.equal(tree.size, 0);
    await audit(tree);
    const left = await database.keys({ ...treeKeys(name).range }).all();
    assert.deepEqual(left.map(bytesToHex), [bytesToHex(treeKeys(name).meta)]);
  });

  it('reads its meta and its root when it is opened, and nothing else', async () => {
    const { database, tree, init } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 1000) }));
    let reads = 0;
    const counting = new Proxy(database, {
      get(target, property) {
        if (property === 'getSync') reads++;
        const value = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    DurableTree.open({ ...init, database: counting });
    assert.equal(reads, 2);
  });

  it('refuses a tree of another scheme', async () => {
    const { database, tree, init } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 5) }));
    refuses('UNSUPPORTED_SCHEMA', () => DurableTree.open({ ...init, scheme: sum256 }));
  });

  it('refuses names that could run into each other', () => {
    for (const name of ['', 'a/b', 'A', '-a', 'x'.repeat(65)]) {
      assert.throws(() => treeKeys(name), { code: 'INVALID_NAME' });
    }
  });
});

describe('snapshots of a durable tree', () => {
  it('end when they are too old, used or not, and leave nothing behind', async () => {
    const { database, tree, clock } = await setUp({ maxSnapshotAgeMs: 1000 });
    await commit(database, tree.prepare({ insert: keysOf(0, 50) }));
    const used = tree.snapshot();
    await clock.advance(999);
    assert.equal(used.size, [...used.keys(0, 50)].length);
    const later = tree.snapshot();
    await clock.advance(1);
    refuses('SNAPSHOT_EXPIRED', () => used.select(0));
    assert.deepEqual(later.select(3), keysOf(3, 4)[0]);
    later.release();
    used.release();
    refuses('SNAPSHOT_EXPIRED', () => used.contains(new Uint8Array(32)));
    refuses('SNAPSHOT_RELEASED', () => later.select(0));
    assert.equal(clock.pending, 0);
  });

  it('end in the middle of an iteration too', async () => {
    const { database, tree, clock } = await setUp({ maxSnapshotAgeMs: 1000 });
    await commit(database, tree.prepare({ insert: keysOf(0, 50) }));
    const keys = tree.snapshot().keys(0, 50)[Symbol.iterator]();
    keys.next();
    await clock.advance(1000);
    refuses('SNAPSHOT_EXPIRED', () => {
      for (let step = keys.next(); step.done !== true; step = keys.next());
    });
  });

  it('end with the tree', async () => {
    const { database, tree, clock } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 50) }));
    const snapshot = tree.snapshot();
    tree.close();
    tree.close();
    refuses('STORE_CLOSED', () => snapshot.fingerprint(0, 50));
    refuses('STORE_CLOSED', () => tree.snapshot());
    refuses('STORE_CLOSED', () => tree.prepare({}));
    assert.equal(clock.pending, 0);
  });

  it('share one of LevelDB, and close it with the last of them', async () => {
    let open = 0;
    const { database, tree } = await setUp({}, (snapshots) => {
      open += snapshots;
    });
    await commit(database, tree.prepare({ insert: keysOf(0, 50) }));
    assert.equal(open, 0);
    const [a, b] = [tree.snapshot(), tree.snapshot()];
    assert.equal(open, 1);
    await commit(database, tree.prepare({ remove: keysOf(0, 25) }));
    const c = tree.snapshot();
    assert.equal(open, 2);
    a.release();
    a.release();
    assert.equal(b.size, [...b.keys(0, 50)].length);
    b.release();
    assert.equal(open, 1);
    c.release();
    assert.equal(open, 0);
  });
});

describe('a damaged tree', () => {
  it('names a node or summary that is missing', async () => {
    for (const kind of ['node', 'summary'] as const) {
      const { database, tree, name, reopen } = await setUp();
      await commit(database, tree.prepare({ insert: keysOf(0, 60) }));
      const keys = treeKeys(name);
      const [, victim] = await database
        .keys({ gte: keys[kind](0), lte: keys[kind](Number.MAX_SAFE_INTEGER) })
        .all();
      await database.del(victim!);
      const snapshot = reopen().snapshot();
      refuses('STORE_CORRUPT', () => readAll(snapshot), /is missing; build the tree again/);
    }
  });

  it('tells its owner of damage wherever a snapshot meets it, and of no other error', async () => {
    const { database, init } = await setUp();
    const told: string[] = [];
    const onDamage = ({ message }: Error): number => told.push(message);
    const scheme = composite([wideSum, sum256]);
    const open = () => DurableTree.open({ ...init, name: 'told', scheme, onDamage });
    await commit(database, open().prepare({ insert: keysOf(0, 60) }));
    const { node } = treeKeys('told');
    const [first, second] = await database.iterator({ gte: node(0), limit: 2 }).all();
    for (const wrong of ['missing', 'another node'] as const) {
      if (wrong === 'missing') await database.del(first![0]);
      else await database.put(first![0], second![1]);
      for (const [i, read] of READS.entries()) {
        told.length = 0;
        const tree = open();
        refuses('STORE_CORRUPT', () => read(tree.snapshot()), /./);
        assert.equal(told.length, 1, `reading ${i} meets a node that is ${wrong}`);
        refuses('STORE_CORRUPT', () => read(tree.snapshot().under(sum256)), /./);
        assert.equal(told.length, 2, `reading ${i} under a part`);
        const ended = tree.snapshot();
        tree.close();
        refuses('STORE_CLOSED', () => read(ended), /./);
        assert.equal(told.length, 2, `reading ${i} tells of damage alone`);
      }
    }
  });

  it('finds every flipped byte and every cut', async () => {
    const { database, tree, name, reopen } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 60) }));
    const records = await database.iterator({ ...treeKeys(name).range }).all();
    assert.ok(records.length > 10);
    for (const [at, [key, value]] of records.entries()) {
      const flipped = new Uint8Array(value);
      flipped[(at * 31) % value.length]! ^= 1 << (at % 8);
      for (const bad of [flipped, value.subarray(0, value.length - 1), new Uint8Array(3)]) {
        await database.put(key, bad);
        await assert.rejects(async () => {
          for await (const _ of reopen().audit());
        }, isCorrupt);
      }
      await database.put(key, value);
    }
    await audit(reopen());
  });

  it('finds nodes that changed places, and records that are left over', async () => {
    const { database, tree, name, reopen } = await setUp();
    await commit(database, tree.prepare({ insert: keysOf(0, 60) }));
    const keys = treeKeys(name);
    const [first, second] = await database.iterator({ gte: keys.node(0), limit: 2 }).all();
    await database.batch([
      { type: 'put', key: first![0], value: second![1] },
      { type: 'put', key: second![0], value: first![1] },
    ]);
    await assert.rejects(audit(reopen()), isCorrupt);
    await database.batch([
      { type: 'put', key: first![0], value: first![1] },
      { type: 'put', key: second![0], value: second![1] },
      { type: 'put', key: keys.node(999_999), value: first![1] },
    ]);
    await assert.rejects(audit(reopen()), /belongs to no node/);
  });
});

function readAll(snapshot: ReturnType<DurableTree['snapshot']>): void {
  for (let begin = 0; begin <= snapshot.size; begin++) {
    for (let end = begin; end <= snapshot.size; end++) snapshot.fingerprint(begin, end);
  }
}

function isCorrupt(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_CORRUPT';
}

function refuses(code: string, run: () => unknown, message = /./): void {
  assert.throws(
    run,
    (error: unknown) =>
      error instanceof StoreError && error.code === code && message.test(error.message),
  );
}
