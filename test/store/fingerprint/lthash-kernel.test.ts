import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { lthash, lthashKernel } from '../../../src/store/fingerprint/index.ts';
import { type FingerprintScheme, lthashReference as reference } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';

assert(lthashKernel !== null);
const kernel = lthashKernel;

const BYTES = reference.stateBytes;
const idsArb = (max: number) =>
  fc.integer({ min: 0, max }).chain((n) => fc.uint8Array({ minLength: 32 * n, maxLength: 32 * n }));

type Change =
  | { readonly kind: 'add' | 'subtract'; readonly ids: Uint8Array }
  | { readonly kind: 'combine' | 'difference' | 'combineAll'; readonly from: number };

const whichArb = fc.integer({ min: 0, max: 2 });
const changeArb: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'subtract'), ids: idsArb(6) }),
  fc.record({ kind: fc.constantFrom('combine', 'difference', 'combineAll'), from: whichArb }),
);

describe('lthash kernel against the reference', () => {
  it('agrees after any sequence of changes to three states', () => {
    assertProperty(
      fc.property(fc.array(fc.tuple(whichArb, changeArb), { maxLength: 24 }), (changes) => {
        const ours = [0, 1, 2].map((i) => stateAt(i));
        const theirs = [0, 1, 2].map(() => reference.empty());
        for (const [target, change] of changes) {
          apply(kernel, ours, target, change);
          apply(reference, theirs, target, change);
        }
        for (const [i, state] of ours.entries()) {
          assert.deepEqual(state.slice(), theirs[i]);
          assert.deepEqual(kernel.digest(state, 0), reference.digest(theirs[i]!, 0));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('agrees on any number of ids in one call, across windows of its memory', () => {
    for (const count of [0, 1, 2, 3, 31, 200, 511, 512, 513, 1025]) {
      const ids = pattern(32 * count);
      const sum = reference.empty();
      reference.add(sum, ids);
      const state = pattern(BYTES);
      const before = state.slice();
      kernel.add(state, ids);
      kernel.difference(state, before);
      assert.deepEqual(state, sum, `${count} ids`);
      kernel.subtract(state, ids);
      assert.deepEqual(state, reference.empty(), `${count} ids taken away`);
    }
  });

  it('reads ids at any offset', () => {
    assertProperty(
      fc.property(idsArb(4), fc.integer({ min: 0, max: 9 }), (ids, offset) => {
        const shifted = new Uint8Array(offset + ids.length).subarray(offset);
        shifted.set(ids);
        const [ours, theirs] = [kernel.empty(), reference.empty()];
        kernel.add(ours, shifted);
        reference.add(theirs, ids);
        assert.deepEqual(ours, theirs);
      }),
      { numRuns: 50 },
    );
  });

  it('combines many states in one call', () => {
    for (const count of [0, 1, 7, 8, 9, 40]) {
      const states = Array.from({ length: count }, (_, i) => pattern(BYTES, i + 1));
      const [ours, theirs] = [pattern(BYTES, 99), pattern(BYTES, 99)];
      kernel.combineAll!(ours, states);
      for (const state of states) reference.combine(theirs, state);
      assert.deepEqual(ours, theirs, `${count} states`);
    }
  });

  it('combines a state with itself', () => {
    const state = pattern(BYTES);
    const twice = state.slice();
    reference.combine(twice, state);
    kernel.combine(state, state);
    assert.deepEqual(state, twice);
    kernel.difference(state, state);
    assert.deepEqual(state, reference.empty());
  });

  it('refuses operands of the wrong length and changes nothing', () => {
    const state = pattern(BYTES);
    const before = state.slice();
    assert.throws(() => kernel.add(state, new Uint8Array(33)), { code: 'INVALID_ID' });
    assert.throws(() => kernel.subtract(state, new Uint8Array(31)), { code: 'INVALID_ID' });
    assert.throws(() => kernel.combine(state, new Uint8Array(BYTES - 1)), RangeError);
    assert.throws(() => kernel.difference(state, new Uint8Array(BYTES + 1)), RangeError);
    assert.throws(() => kernel.combineAll!(state, [state, new Uint8Array(1)]), RangeError);
    assert.throws(() => kernel.digest(new Uint8Array(0), 0), RangeError);
    assert.deepEqual(state, before);
  });

  it('runs here, and the reference runs without SIMD', async () => {
    assert.equal(lthash, kernel);
    const module = new URL('../../../src/store/fingerprint/lthash-kernel.ts', import.meta.url);
    const script = `const { lthash, lthashKernel } = await import(${JSON.stringify(module.href)});
      const state = lthash.empty();
      lthash.add(state, new Uint8Array(32));
      console.log(lthashKernel, Buffer.from(lthash.digest(state, 1)).toString('hex'));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...['--import', 'data:text/javascript,WebAssembly.validate = () => false'],
      ...['--input-type=module', '--eval', script],
    ]);
    const state = kernel.empty();
    kernel.add(state, new Uint8Array(32));
    const digest = Buffer.from(kernel.digest(state, 1)).toString('hex');
    assert.equal(stdout.trim(), `null ${digest}`);
  });
});

/** An empty state, at another alignment for each `i`. */
function stateAt(i: number): Uint8Array {
  return new Uint8Array(BYTES + i).subarray(i);
}

function pattern(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (Math.imul(i + seed, 0x9e3779b1) >>> 11) & 0xff);
}

function apply(
  scheme: FingerprintScheme,
  states: Uint8Array[],
  target: number,
  change: Change,
): void {
  const state = states[target]!;
  if ('ids' in change) {
    scheme[change.kind](state, change.ids);
  } else if (change.kind !== 'combineAll') {
    scheme[change.kind](state, states[change.from]!);
  } else {
    const others = states.map((other) => other.slice());
    if (scheme.combineAll) scheme.combineAll(state, others);
    else for (const other of others) scheme.combine(state, other);
  }
}
