import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Bound,
  bytesToHex,
  compareKeys,
  concatBytes,
  equalBytes,
  type FingerprintScheme,
  fingerprintsBetween,
  INFINITE_BOUND,
  INFINITE_HINT,
  type ItemKey,
  lthash,
  type Snapshot,
  type Storage,
  StoreError,
  ZERO_BOUND,
} from '../../src/store/index.ts';
import { assertProperty } from '../support/property.ts';
import { wideSum } from '../support/wide-sum.ts';

export interface StorageFactoryInit {
  scheme: FingerprintScheme;
}

/** A `Storage`, or one whose writes take their time. */
export type TestStorage =
  | Storage
  | (Pick<Storage, 'scheme' | 'size' | 'contains' | 'snapshot'> & {
      insert(keys: readonly ItemKey[]): Promise<ItemKey[]>;
      remove(ids: readonly Uint8Array[]): Promise<number>;
    });

export interface ConformanceOptions {
  /** Random histories to try; the disk is slower than memory. @default 25 */
  runs?: number;
  /** Items to fill a storage with, one by one. @default 300 */
  items?: number;
}

/** What every `Storage` must do, whatever it is made of. */
export function storageConformance(
  name: string,
  create: (init: StorageFactoryInit) => TestStorage | Promise<TestStorage>,
  { runs = 25, items = 300 }: ConformanceOptions = {},
): void {
  describe(`storage conformance: ${name}`, () => {
    it('agrees with a sorted array under random writes', async () => {
      await assertProperty(
        fc.asyncProperty(histories, async (history) =>
          replay(history, await create({ scheme: wideSum })),
        ),
        { numRuns: runs },
      );
    });

    it('agrees with a sorted array under LtHash', async () => {
      const short = fc.array(steps(6), { maxLength: 6 });
      await assertProperty(
        fc.asyncProperty(short, async (history) =>
          replay(history, await create({ scheme: lthash })),
        ),
        { numRuns: Math.ceil(runs / 7) },
      );
    });

    it('fills in ascending, descending and interleaved order', async () => {
      for (const order of [ascending, descending, interleaved]) {
        const storage = await create({ scheme: wideSum });
        const model = new Model();
        for (const hint of order(items)) {
          const keys = [{ hint: BigInt(hint), id: numberedId(hint) }];
          assert.deepEqual(await storage.insert(keys), model.insert(keys));
        }
        checkSampled(storage.snapshot(), model);
        const half = model.keys.filter((_, i) => i % 3 !== 0).map((key) => key.id);
        assert.equal(await storage.remove(half), model.remove(half));
        checkSampled(storage.snapshot(), model);
      }
    });

    it('counts an id once, within one call and under another hint', async () => {
      const storage = await create({ scheme: wideSum });
      const id = numberedId(7);
      const first = { hint: 5n, id };
      assert.deepEqual(await storage.insert([first, { hint: 5n, id: id.slice() }]), [first]);
      assert.deepEqual(await storage.insert([{ hint: 6n, id }]), []);
      assert.equal(storage.size, 1);
      assert.deepEqual(storage.snapshot().select(0), first);
    });

    it('keeps its keys when the caller reuses its arrays', async () => {
      const storage = await create({ scheme: wideSum });
      const id = numberedId(1);
      await storage.insert([{ hint: 1n, id }]);
      id.fill(9);
      const seen = storage.snapshot().select(0);
      seen.id.fill(8);
      storage.snapshot().ids(0, 1).fill(8);
      assert.deepEqual(storage.snapshot().select(0).id, numberedId(1));
      assert.ok(storage.contains(numberedId(1)));
    });

    it('sees in a snapshot items that were removed, or moved to another hint, after it', async () => {
      const storage = await create({ scheme: wideSum });
      const id = numberedId(1);
      await storage.insert([{ hint: 1n, id }]);
      const before = storage.snapshot();
      await storage.remove([id]);
      const between = storage.snapshot();
      await storage.insert([{ hint: 2n, id }]);
      const after = storage.snapshot();
      await storage.remove([id]);
      assert.deepEqual(
        [before, between, after, storage.snapshot()].map((snapshot) => snapshot.contains(id)),
        [true, false, true, false],
      );
      assert.equal(before.select(0).hint, 1n);
      assert.equal(after.select(0).hint, 2n);
    });

    it('sees in a snapshot an id that went, came back elsewhere and went again after it', async () => {
      const storage = await create({ scheme: wideSum });
      const id = numberedId(1);
      await storage.insert([{ hint: 1n, id }]);
      const snapshot = storage.snapshot();
      await storage.remove([id]);
      await storage.insert([{ hint: 2n, id }]);
      await storage.remove([id]);
      assert.ok(snapshot.contains(id));
    });

    it('refuses keys that cannot stand in a set, and then holds nothing of the call', async () => {
      const storage = await create({ scheme: wideSum });
      const good = { hint: 1n, id: numberedId(1) };
      await refuses('INVALID_HINT', () => storage.insert([good, { ...good, hint: INFINITE_HINT }]));
      await refuses('INVALID_HINT', () => storage.insert([good, { ...good, hint: -1n }]));
      await refuses('INVALID_ID', () =>
        storage.insert([good, { hint: 1n, id: new Uint8Array(31) }]),
      );
      assert.equal(storage.size, 0);
      assert.equal(storage.contains(good.id), false);
      await storage.insert([{ hint: INFINITE_HINT - 1n, id: numberedId(2) }]);
      const held = { hint: INFINITE_HINT, id: numberedId(2) };
      await refuses('INVALID_HINT', () => storage.insert([held]));
      assert.equal(storage.snapshot().lowerBound(INFINITE_BOUND), 1);
    });

    it('refuses ranks outside the set', async () => {
      const storage = await create({ scheme: wideSum });
      await storage.insert([{ hint: 1n, id: numberedId(1) }]);
      const snapshot = storage.snapshot();
      for (const rank of [-1, 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await refuses('RANK_OUT_OF_RANGE', () => snapshot.select(rank));
      }
      for (const rank of [-1, 2, 0.5, Number.NaN]) {
        const near = () => snapshot.edgeNear?.(rank) ?? snapshot.keys(rank, rank);
        await refuses('RANK_OUT_OF_RANGE', near);
      }
      for (const [begin, end] of [
        [-1, 0],
        [0, 2],
        [1, 0],
        [0, 0.5],
        [Number.NaN, 1],
      ] as const) {
        await refuses('RANK_OUT_OF_RANGE', () => snapshot.keys(begin, end));
        await refuses('RANK_OUT_OF_RANGE', () => snapshot.ids(begin, end));
        await refuses('RANK_OUT_OF_RANGE', () => snapshot.fingerprint(begin, end));
        await refuses('RANK_OUT_OF_RANGE', () => fingerprintsBetween(snapshot, [0, begin, end]));
        await refuses('RANK_OUT_OF_RANGE', () => idRunsOf(snapshot, begin, end));
      }
      assert.deepEqual(idRunsOf(snapshot, 1, 1), []);
      assert.equal(snapshot.fingerprint(1, 1).length, wideSum.stateBytes);
      assert.equal(snapshot.ids(1, 1).length, 0);
    });

    it('refuses the use of a released snapshot', async () => {
      const storage = await create({ scheme: wideSum });
      await storage.insert([{ hint: 1n, id: numberedId(1) }]);
      const snapshot = storage.snapshot();
      const other = storage.snapshot();
      snapshot.release();
      snapshot.release();
      await refuses('SNAPSHOT_RELEASED', () => snapshot.select(0));
      await refuses('SNAPSHOT_RELEASED', () => snapshot.lowerBound(ZERO_BOUND));
      await refuses('SNAPSHOT_RELEASED', () => snapshot.keys(0, 0));
      await refuses('SNAPSHOT_RELEASED', () => snapshot.ids(0, 0));
      await refuses('SNAPSHOT_RELEASED', () => snapshot.fingerprint(0, 0));
      await refuses('SNAPSHOT_RELEASED', () => snapshot.contains(numberedId(1)));
      await refuses('SNAPSHOT_RELEASED', () => fingerprintsBetween(snapshot, [0, 0]));
      await refuses('SNAPSHOT_RELEASED', () => idRunsOf(snapshot, 0, 0));
      assert.ok(other.contains(numberedId(1)));
    });
  });
}

/** Ids are drawn from few, so that calls collide; hints too, so that order falls to the ids. */
interface Step {
  readonly insert: readonly { hint: number; id: number }[];
  readonly remove: readonly number[];
}

function steps(maxKeys: number): fc.Arbitrary<Step> {
  const key = fc.record({ hint: fc.nat(12), id: fc.nat(60) });
  return fc.record({
    insert: fc.array(key, { maxLength: maxKeys }),
    remove: fc.array(fc.nat(60), { maxLength: maxKeys }),
  });
}

const histories = fc.array(steps(25), { maxLength: 12 });

/** Plays the steps, keeps a snapshot after each write, and checks all of them at the end again. */
async function replay(history: readonly Step[], storage: TestStorage): Promise<void> {
  const model = new Model();
  const kept: { snapshot: Snapshot; model: Model }[] = [];
  const keep = (): void => {
    assert.equal(storage.size, model.keys.length);
    const taken = { snapshot: storage.snapshot(), model: model.copy() };
    // Some are asked before the next write: sums known then must survive several writes as well.
    if (kept.length % 5 === 0) check(taken.snapshot, taken.model);
    kept.push(taken);
  };
  for (const { insert, remove } of history) {
    const keys = insert.map(({ hint, id }) => ({ hint: BigInt(hint), id: numberedId(id) }));
    assert.deepEqual(await storage.insert(keys), model.insert(keys));
    keep();
    const ids = remove.map(numberedId);
    assert.equal(await storage.remove(ids), model.remove(ids));
    keep();
  }
  for (let id = 0; id <= 60; id++) {
    assert.equal(storage.contains(numberedId(id)), model.contains(numberedId(id)));
  }
  for (const { snapshot, model: then } of kept) check(snapshot, then);
}

function check(snapshot: Snapshot, model: Model): void {
  checkOrder(snapshot, model);
  checkEdges(snapshot, model.keys.length);
  const size = model.keys.length;
  for (let begin = 0; begin <= size; begin += 1 + (size >> 3)) {
    for (let end = begin; end <= size; end += 1 + (size >> 3))
      checkRange(snapshot, model, begin, end);
    checkRange(snapshot, model, begin, size);
  }
  for (let id = 0; id <= 60; id++) {
    assert.equal(snapshot.contains(numberedId(id)), model.contains(numberedId(id)));
  }
}

function checkEdges(snapshot: Snapshot, size: number): void {
  for (let rank = 0; rank <= size; rank++) {
    const edge = snapshot.edgeNear?.(rank) ?? rank;
    assert.ok(edge >= 0 && edge <= size, `the edge ${edge} near ${rank} of ${size}`);
    assert.equal(snapshot.edgeNear?.(edge) ?? edge, edge, 'an edge is the nearest to itself');
  }
}

function checkSampled(snapshot: Snapshot, model: Model): void {
  checkOrder(snapshot, model);
  const size = model.keys.length;
  for (let i = 0; i < Math.min(200, 2 * size); i++) {
    const begin = (i * 37) % (size + 1);
    checkRange(snapshot, model, begin, begin + ((i * 53) % (size - begin + 1)));
  }
}

function checkOrder(snapshot: Snapshot, model: Model): void {
  assert.equal(snapshot.size, model.keys.length);
  model.keys.forEach((key, rank) => {
    same([snapshot.select(rank)], [key]);
    assert.equal(snapshot.lowerBound(key), rank);
  });
  for (const bound of model.bounds()) {
    assert.equal(snapshot.lowerBound(bound), model.lowerBound(bound));
  }
}

function checkRange(snapshot: Snapshot, model: Model, begin: number, end: number): void {
  const keys = model.keys.slice(begin, end);
  const ids = concatBytes(...keys.map((key) => key.id));
  const expected = snapshot.scheme.empty();
  snapshot.scheme.add(expected, ids);
  same([...snapshot.keys(begin, end)], keys);
  sameBytes(snapshot.ids(begin, end), ids);
  sameBytes(concatBytes(...(snapshot.idRuns?.(begin, end) ?? [ids])), ids);
  sameBytes(snapshot.fingerprint(begin, end), expected);
  checkCuts(snapshot, [begin, (begin + end) >> 1, (begin + end) >> 1, end]);
}

function checkCuts(snapshot: Snapshot, cuts: readonly number[]): void {
  fingerprintsBetween(snapshot, cuts).forEach((state, i) => {
    sameBytes(state, snapshot.fingerprint(cuts[i]!, cuts[i + 1]!));
  });
}

/** `deepEqual`, which takes most of the time of these tests, has the word only where something differs. */
function same(actual: readonly ItemKey[], expected: readonly ItemKey[]): void {
  const equal = (key: ItemKey, i: number): boolean =>
    key.hint === expected[i]!.hint && equalBytes(key.id, expected[i]!.id);
  if (actual.length !== expected.length || !actual.every(equal)) assert.deepEqual(actual, expected);
}

/** Names the first bytes that differ: to compare 2,048 of them in an assertion takes 60 ms each time. */
function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (equalBytes(actual, expected)) return;
  const at = expected.findIndex((byte, i) => byte !== actual[i]);
  const around = (bytes: Uint8Array): string => bytesToHex(bytes.subarray(at, at + 32));
  const sizes = `${actual.length} bytes, ${expected.length} expected`;
  assert.fail(`${sizes}: from byte ${at} on ${around(actual)}, not ${around(expected)}`);
}

/** The plain truth: an array, sorted again after every write. */
class Model {
  keys: ItemKey[] = [];
  /** Their ids in hex. */
  #ids = new Set<string>();

  copy(): Model {
    const copy = new Model();
    copy.keys = [...this.keys];
    copy.#ids = new Set(this.#ids);
    return copy;
  }

  insert(keys: readonly ItemKey[]): ItemKey[] {
    const added: ItemKey[] = [];
    for (const key of keys) {
      if (this.contains(key.id)) continue;
      this.#ids.add(bytesToHex(key.id));
      this.keys.push(key);
      added.push(key);
    }
    this.keys.sort(compareKeys);
    return added.sort(compareKeys);
  }

  remove(ids: readonly Uint8Array[]): number {
    const gone = new Set(ids.map(bytesToHex).filter((id) => this.#ids.delete(id)));
    if (gone.size > 0) this.keys = this.keys.filter((key) => !gone.has(bytesToHex(key.id)));
    return gone.size;
  }

  contains(id: Uint8Array): boolean {
    return this.#ids.has(bytesToHex(id));
  }

  lowerBound(bound: Bound): number {
    const key = { hint: bound.hint, id: bound.id ?? new Uint8Array(0) };
    const rank = this.keys.findIndex((other) => compareKeys(other, key) >= 0);
    return rank === -1 ? this.keys.length : rank;
  }

  bounds(): Bound[] {
    const around = [0n, 1n, 5n, 12n, 13n, 200n].flatMap((hint) => [
      { hint, id: null },
      { hint, id: new Uint8Array(32) },
      { hint, id: numberedId(30) },
      { hint, id: new Uint8Array(32).fill(255) },
      // Some dialects cut the id of a bound to a prefix.
      { hint, id: numberedId(30).slice(0, 2) },
    ]);
    return [ZERO_BOUND, INFINITE_BOUND, ...around];
  }
}

/** 32 bytes that differ from number to number in the first and in the last byte only. */
function numberedId(number: number): Uint8Array {
  const id = new Uint8Array(32);
  id[0] = number % 7;
  id[30] = number >> 8;
  id[31] = number;
  return id;
}

function ascending(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function descending(count: number): number[] {
  return ascending(count).reverse();
}

function interleaved(count: number): number[] {
  return ascending(count).map((i) => (i * 149) % count);
}

function idRunsOf(snapshot: Snapshot, begin: number, end: number): Uint8Array[] {
  const runs = [...(snapshot.idRuns?.(begin, end) ?? [snapshot.ids(begin, end)])];
  return runs.filter((run) => run.length > 0);
}

async function refuses(code: string, run: () => unknown): Promise<void> {
  await assert.rejects(
    async () => run(),
    (error: unknown) => error instanceof StoreError && error.code === code,
  );
}
