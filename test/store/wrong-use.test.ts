import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  composite,
  type FingerprintScheme,
  FlatVector,
  itemId,
  LevelTree,
  lthash,
  MemoryTree,
  Replica,
  type ReplicaInit,
  SortedVector,
  type StoreErrorCode,
  subRange,
  sum256,
  systemClock,
  verifyItem,
  ZERO_BOUND,
} from '../../src/store/index.ts';
import { memoryDatabase } from '../support/memory-database.ts';

/** A value of another type, as a program without types passes it. */
const wrong = <T>(value: unknown): T => value as T;

describe('wrong use of the store', () => {
  it('refuses a scheme that is none', () => {
    for (const scheme of [undefined, null, 'lthash', {}]) {
      for (const Kind of [SortedVector, MemoryTree]) {
        const make = () => new Kind({ scheme: wrong<FingerprintScheme>(scheme) });
        assert.throws(make, { name: 'StoreError', code: 'INVALID_SCHEME' });
      }
    }
  });

  it('refuses text for ids and payloads, and numbers for hints', () => {
    const set = new SortedVector({ scheme: lthash });
    const id = new Uint8Array(32);
    const text = wrong<Uint8Array>('00'.repeat(16));
    assert.throws(() => set.insert([{ hint: 1n, id: text }]), { code: 'INVALID_ID' });
    assert.throws(() => set.insert([{ hint: wrong<bigint>(1), id }]), { code: 'INVALID_HINT' });
    assert.throws(() => itemId(1n, text), { code: 'INVALID_PAYLOAD' });
    assert.throws(() => verifyItem({ hint: 1n, id, payload: text }), { code: 'INVALID_PAYLOAD' });
    assert.equal(set.size, 0);
  });

  const key = { hint: 1n, id: new Uint8Array(32) };
  const init = { scheme: lthash };
  const vector = new SortedVector(init);
  const tree = new MemoryTree(init);
  const flat = new FlatVector();
  flat.seal();

  const refused: [string, StoreErrorCode, () => unknown][] = [
    ['a vector without options', 'INVALID_INIT', () => new SortedVector(wrong(undefined))],
    ['a flat vector with null', 'INVALID_INIT', () => new FlatVector(wrong(null))],
    ['a tree without options', 'INVALID_INIT', () => new MemoryTree(wrong(undefined))],
    ['chunks of 1', 'INVALID_SIZE', () => new SortedVector({ ...init, chunkItems: 1 })],
    [
      'groups of text',
      'INVALID_SIZE',
      () => new SortedVector({ ...init, groupChunks: wrong('4') }),
    ],
    ['leaves of 1', 'INVALID_SIZE', () => new MemoryTree({ ...init, leafItems: 1 })],
    ['a fanout of 65,536', 'INVALID_SIZE', () => new MemoryTree({ ...init, fanout: 65_536 })],
    ['blocks of 3', 'INVALID_SIZE', () => new FlatVector({ blockKeys: 3 })],
    ['blocks of a bigint', 'INVALID_SIZE', () => new FlatVector({ blockKeys: wrong(4n) })],
    ['one key for a list', 'INVALID_LIST', () => vector.insert(wrong(key))],
    ['one id for a list', 'INVALID_LIST', () => tree.remove(wrong(key.id))],
    ['a list of nothing', 'INVALID_HINT', () => vector.insert([wrong(undefined)])],
    ['text to remove', 'INVALID_ID', () => vector.remove([wrong('ff')])],
    ['text to look for', 'INVALID_ID', () => vector.contains(wrong('ff'))],
    ['a number to look for', 'INVALID_ID', () => tree.contains(wrong(1))],
    ['text in a snapshot', 'INVALID_ID', () => tree.snapshot().contains(wrong('ff'))],
    ['text in a flat snapshot', 'INVALID_ID', () => flat.snapshot().contains(wrong('ff'))],
    ['an id of 31 bytes', 'INVALID_ID', () => tree.contains(new Uint8Array(31))],
    ['keys that descend', 'INVALID_ORDER', () => MemoryTree.fromSorted(init, [key, key])],
    [
      'an id under two hints',
      'DUPLICATE_KEY',
      () => MemoryTree.fromSorted(init, [key, { ...key, hint: 2n }]),
    ],
    ['a number for a hint', 'INVALID_HINT', () => itemId(wrong(1), new Uint8Array(1))],
    ['no item', 'INVALID_HINT', () => verifyItem(wrong(undefined))],
    ['schemes without a list', 'INVALID_LIST', () => composite(wrong(lthash))],
    ['a list with no scheme', 'INVALID_SCHEME', () => composite([wrong({})])],
    [
      'a part that is not kept',
      'INVALID_SCHEME',
      () => new MemoryTree(init).snapshot().under(sum256),
    ],
    [
      'a bound that is none',
      'INVALID_BOUND',
      () => subRange(tree.snapshot(), ZERO_BOUND, wrong(undefined)),
    ],
  ];
  for (const [what, code, use] of refused) {
    it(`refuses ${what} with ${code}`, () => {
      assert.throws(use, { name: 'StoreError', code });
    });
  }

  it('changes no set by what it refuses', () => {
    assert.deepEqual([vector.size, tree.size, flat.size], [0, 0, 0]);
  });
});

describe('wrong use of what lies in a database', () => {
  const key = { hint: 1n, id: new Uint8Array(32) };
  const item = { hint: 1n, payload: new Uint8Array(1) };
  const disk = { freeBytes: async () => 2 ** 30 };
  const whole = (): ReplicaInit => ({ clock: systemClock, disk, database: memoryDatabase() });

  it('refuses a replica that lacks a part, or has a wrong one', async () => {
    const refused: [StoreErrorCode, unknown][] = [
      ['INVALID_INIT', undefined],
      ['INVALID_INIT', {}],
      ['INVALID_INIT', { ...whole(), clock: undefined }],
      ['INVALID_INIT', { ...whole(), clock: { now: () => 0 } }],
      ['INVALID_INIT', { ...whole(), disk: undefined }],
      ['INVALID_INIT', { ...whole(), database: undefined }],
      ['INVALID_INIT', { ...whole(), database: 'folder' }],
      ['INVALID_INIT', { ...whole(), open: 'folder' }],
      ['INVALID_SCHEME', { ...whole(), scheme: 'lthash' }],
      ['INVALID_NAME', { ...whole(), name: 'item' }],
      ['INVALID_NAME', { ...whole(), name: 5 }],
      ['INVALID_SIZE', { ...whole(), index: { leafItems: 1 } }],
    ];
    for (const [at, [code, init]] of refused.entries()) {
      await assert.rejects(Replica.open(wrong(init)), { name: 'StoreError', code }, `case ${at}`);
    }
  });

  it('refuses wrong calls of a replica, and goes on', async () => {
    const replica = await Replica.open(whole());
    const limits = { maxItemBytes: 1, maxBytes: 1 };
    const refused: [StoreErrorCode, () => unknown][] = [
      ['INVALID_LIST', () => replica.put(wrong(item))],
      ['INVALID_HINT', () => replica.put([wrong(undefined)])],
      ['INVALID_PAYLOAD', () => replica.put([wrong({ hint: 1n, payload: 'a' })])],
      ['INVALID_LIST', () => replica.putVerified(wrong(item))],
      ['ID_UNPROVED', () => replica.putVerified([wrong(undefined)])],
      ['ID_UNPROVED', () => replica.putVerified([wrong(item)])],
      ['INVALID_ID', async () => replica.contains(wrong('ff'))],
      ['INVALID_LIST', () => replica.serve(wrong(key.id), limits)],
      ['INVALID_ID', () => replica.serve([wrong('ff')], limits)],
      ['INVALID_LIST', () => replica.serveKeys(wrong(key), limits)],
      ['INVALID_HINT', () => replica.serveKeys([wrong(key.id)], limits)],
      ['INVALID_INIT', () => replica.list(wrong(null))],
      ['INVALID_BOUND', () => replica.list({ from: wrong(1) })],
      ['INVALID_BOUND', () => replica.list({ to: wrong('1') })],
      ['INVALID_LIMIT', () => replica.list({ limit: wrong('1') })],
      ['INVALID_HINT', () => replica.list({ after: wrong(null) })],
      ['INVALID_ID', () => replica.idsWith(wrong(12), 1)],
      ['INVALID_INIT', async () => replica.onCommit(wrong(undefined))],
      ['INVALID_INIT', async () => replica.onDamaged(wrong(undefined))],
    ];
    try {
      for (const [at, [code, use]] of refused.entries()) {
        await assert.rejects(async () => use(), { name: 'StoreError', code }, `case ${at}`);
      }
      assert.equal((await replica.put([item]))[0]!.created, true);
    } finally {
      await replica.close();
    }
  });

  it('refuses wrong uses of a tree, and goes on', async () => {
    const open = (init: unknown) => LevelTree.open(wrong(init));
    const database = memoryDatabase();
    const init = { database, name: 'a', scheme: lthash, clock: systemClock };
    for (const none of [undefined, {}, { ...init, database: 'folder' }]) {
      await assert.rejects(open(none), { name: 'StoreError', code: 'INVALID_INIT' });
    }
    await assert.rejects(open({ ...init, name: undefined }), { code: 'INVALID_NAME' });
    await assert.rejects(open({ ...init, fanout: 1 }), { code: 'INVALID_SIZE' });
    const tree = await LevelTree.open(init);
    await assert.rejects(tree.insert(wrong(key)), { code: 'INVALID_LIST' });
    await assert.rejects(tree.insert([wrong(null)]), { code: 'INVALID_HINT' });
    await assert.rejects(tree.remove(wrong(key.id)), { code: 'INVALID_LIST' });
    await assert.rejects(tree.remove([wrong('ff')]), { code: 'INVALID_ID' });
    assert.throws(() => tree.contains(wrong('ff')), { code: 'INVALID_ID' });
    assert.equal((await tree.insert([key])).length, 1);
    await tree.close();
    await database.close();
  });
});
