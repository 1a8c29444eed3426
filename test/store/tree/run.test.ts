import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareKeys, type ItemKey } from '../../../src/store/index.ts';
import type { KeyRun } from '../../../src/store/tree/index.ts';
import {
  compareAt,
  copyKeys,
  firstDisorder,
  keyAt,
  newRun,
  searchBound,
} from '../../../src/store/tree/index.ts';
import {
  checkAscending,
  concatRuns,
  hintAt,
  mergeRuns,
  runOf,
  searchKey,
  searchPosition,
  sliceRun,
  viewRun,
  withoutKeys,
} from '../../../src/store/tree/testing.ts';

const HINTS = [
  0n,
  1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  2n ** 63n,
  2n ** 64n - 2n,
];
const IDS = [0, 1, 31].map((at) => new Uint8Array(32).with(at, 200));

/** Keys that differ in the high word of their hints, in the low one, or at one end of their ids. */
const keys: ItemKey[] = HINTS.flatMap((hint) => IDS.map((id) => ({ hint, id }))).sort(compareKeys);
const run = runOf(keys);
const keysIn = (some: KeyRun): ItemKey[] =>
  Array.from({ length: some.length }, (_, i) => keyAt(some, i));

describe('a run of keys', () => {
  it('gives back its keys, as copies', () => {
    assert.deepEqual(keysIn(run), keys);
    assert.deepEqual(
      keys.map((_, i) => hintAt(run, i)),
      keys.map(({ hint }) => hint),
    );
    keyAt(run, 0).id.fill(9);
    assert.deepEqual(keyAt(run, 0), keys[0]);
  });

  it('is in the order of keys, in its hints as in its ids', () => {
    for (let i = 0; i < keys.length; i++) {
      for (let j = 0; j < keys.length; j++) {
        assert.equal(Math.sign(compareAt(run, i, run, j)), Math.sign(i - j), `${i} and ${j}`);
      }
    }
  });

  it('takes no key that cannot stand in a set', () => {
    const id = new Uint8Array(32);
    assert.throws(() => runOf([keys[0]!, { hint: 2n ** 64n - 1n, id }]), { code: 'INVALID_HINT' });
    assert.throws(() => runOf([{ hint: 1n, id: new Uint8Array(33) }]), { code: 'INVALID_ID' });
  });

  it('is cut where it lies, copied, joined and written into', () => {
    const view = viewRun(run, 3, 7);
    assert.deepEqual(keysIn(view), keys.slice(3, 7));
    assert.equal(view.ids.buffer, run.ids.buffer);
    const copy = sliceRun(run, 3, 7);
    assert.deepEqual(keysIn(copy), keys.slice(3, 7));
    assert.notEqual(copy.ids.buffer, run.ids.buffer);
    assert.deepEqual(keysIn(concatRuns(view, sliceRun(run, 7, 8))), keys.slice(3, 8));
    const into = newRun(5);
    copyKeys(run, 0, 2, into, 1);
    const zero = { hint: 0n, id: new Uint8Array(32) };
    assert.deepEqual(keysIn(into), [zero, keys[0], keys[1], zero, zero]);
  });

  it('names the first key that is not above the one before it', () => {
    assert.equal(firstDisorder(run), 0);
    assert.equal(firstDisorder(newRun(0)), 0);
    assert.equal(firstDisorder(newRun(1)), 0);
    for (const at of [1, 2, keys.length - 1]) {
      const twice = runOf(keys.with(at, keys[at - 1]!));
      assert.equal(firstDisorder(twice), at);
      assert.throws(() => checkAscending(twice), { message: new RegExp(`key ${at} does not`) });
    }
    checkAscending(run);
  });
});

describe('searching a run', () => {
  it('finds the first key that is not below another, within the positions asked for', () => {
    for (let at = 0; at < keys.length; at++) {
      assert.equal(searchKey(run, run, at), at);
      assert.equal(searchKey(run, run, at, 5), Math.max(5, at));
      assert.equal(searchKey(run, run, at, 2, 9), Math.min(9, Math.max(2, at)));
    }
    assert.equal(
      searchKey(run, runOf([{ hint: 2n ** 64n - 2n, id: new Uint8Array(32).fill(255) }]), 0),
      keys.length,
    );
    assert.equal(searchKey(newRun(0), run, 0), 0);
  });

  it('finds the first key that is not below a bound with an id, a part of one or none', () => {
    keys.forEach(({ hint, id }, at) => {
      assert.equal(searchBound(run, { hint, id }), at);
      const first = keys.findIndex((key) => key.hint === hint);
      assert.equal(searchBound(run, { hint, id: null }), first);
      assert.equal(searchBound(run, { hint, id: new Uint8Array(0) }), first);
      const prefix = id.subarray(0, 1);
      const from = keys.findIndex((key) => key.hint === hint && key.id[0]! >= prefix[0]!);
      assert.equal(searchBound(run, { hint, id: prefix }), from);
      const last = keys.findLastIndex((key) => key.hint === hint);
      assert.equal(searchBound(run, { hint, id: new Uint8Array(32).fill(255) }), last + 1);
    });
    assert.equal(searchBound(run, { hint: 2n ** 64n - 1n, id: null }), keys.length);
  });

  it('finds the first position that is not below a limit', () => {
    const positions = Uint32Array.of(2, 3, 5, 9);
    const found = [0, 2, 3, 4, 5, 6, 9, 10].map((limit) => searchPosition(positions, limit));
    assert.deepEqual(found, [0, 0, 1, 2, 2, 3, 3, 4]);
    assert.equal(searchPosition(new Uint32Array(0), 3), 0);
  });
});

describe('two runs', () => {
  const odd = keys.filter((_, i) => i % 2 === 1);
  const even = keys.filter((_, i) => i % 2 === 0);

  it('are merged, however their keys lie to each other, and say where those of the second are', () => {
    for (const [old, batch] of [
      [even, odd],
      [odd, even],
      [keys.slice(0, 5), keys.slice(5)],
      [keys.slice(5), keys.slice(0, 5)],
      [[...keys.slice(0, 4), ...keys.slice(9)], keys.slice(4, 9)],
      [[], keys],
      [keys, []],
    ] as const) {
      const merged = mergeRuns(runOf(old), runOf(batch));
      assert.deepEqual(keysIn(merged.run), keys);
      assert.deepEqual(
        [...merged.positions].map((at) => keys[at]),
        batch,
      );
    }
  });

  it('are not merged when both hold one key, the first, one between or the last', () => {
    for (const twice of [keys[0]!, keys[8]!, keys.at(-1)!]) {
      assert.throws(() => mergeRuns(run, runOf([twice])), {
        name: 'RangeError',
        message: new RegExp(`\\(${twice.hint}, ${Buffer.from(twice.id).toString('hex')}\\)`),
      });
    }
  });

  it('are taken from each other, as a whole too, and only if they are there', () => {
    for (const gone of [odd, even, keys, [], keys.slice(0, 3), keys.slice(-3)]) {
      const rest = withoutKeys(run, runOf(gone));
      assert.deepEqual(
        keysIn(rest),
        keys.filter((key) => !gone.includes(key)),
      );
    }
    for (const [old, gone] of [
      [odd, [even[0]!]],
      [even, [odd.at(-1)!]],
      [odd, keys],
      [[], keys],
      [[keys[0]!], keys.slice(0, 2)],
    ] as const) {
      assert.throws(() => withoutKeys(runOf(old), runOf(gone)), /is not in the tree: leave it out/);
    }
  });
});
