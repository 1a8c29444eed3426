import { StoreError } from '../errors.ts';
import { ID_BYTES } from '../item.ts';
import { type Kernel, kernel } from '../kernel/index.ts';
import { LTHASH_BYTES, lthashReference } from './lthash.ts';
import type { FingerprintScheme } from './scheme.ts';

/**
 * LtHash by the WebAssembly SIMD kernel, equal to `lthashReference` to the bit; null without SIMD.
 */
export const lthashKernel: FingerprintScheme | null = kernel === null ? null : lthashBy(kernel);

/** LtHash over BLAKE3, in the fastest form this platform has. */
export const lthash: FingerprintScheme = lthashKernel ?? lthashReference;

/** States that are copied in and added together: with more of them, less stays in the nearest cache. */
const STATES_AT_ONCE = 4;

function lthashBy(wasm: Kernel): FingerprintScheme {
  const { state: work, window } = wasm;
  const change = (state: Uint8Array, apply: () => void): void => {
    checkState(state);
    work.set(state);
    apply();
    state.set(work);
  };
  const withOther = (state: Uint8Array, other: Uint8Array, apply: () => void): void => {
    checkState(other);
    change(state, () => {
      window.set(other);
      apply();
    });
  };
  return {
    name: lthashReference.name,
    stateBytes: LTHASH_BYTES,
    empty: lthashReference.empty,
    add: (state, ids) => change(state, () => eachWindow(wasm, ids, wasm.add)),
    subtract: (state, ids) => change(state, () => eachWindow(wasm, ids, wasm.subtract)),
    combine: (state, other) => withOther(state, other, wasm.combine),
    difference: (state, other) => withOther(state, other, wasm.difference),
    combineAll(state, others) {
      for (const other of others) checkState(other);
      change(state, () => {
        for (let at = 0; at < others.length; at += STATES_AT_ONCE) {
          const count = Math.min(STATES_AT_ONCE, others.length - at);
          for (let i = 0; i < count; i++) window.set(others[at + i]!, i * LTHASH_BYTES);
          wasm.combineAll(count);
        }
      });
    },
    digest(state) {
      checkState(state);
      work.set(state);
      wasm.begin(0);
      wasm.finish(wasm.stateAddress, LTHASH_BYTES);
      return wasm.hash.slice();
    },
  };
}

/** Sums the expansions of all ids, a window of them at a time, and applies the sum with the last. */
function eachWindow(
  { window, expand }: Kernel,
  ids: Uint8Array,
  apply: (ids: number, more: 0 | 1) => void,
): void {
  checkIds(ids);
  for (let at = 0; at < ids.length; at += window.length) {
    const last = ids.length - at <= window.length;
    const some = ids.length <= window.length ? ids : ids.subarray(at, at + window.length);
    window.set(some);
    if (last) apply(some.length / ID_BYTES, at === 0 ? 0 : 1);
    else expand(some.length / ID_BYTES, at === 0 ? 0 : 1);
  }
}

function checkIds(ids: Uint8Array): void {
  if (ids.length % ID_BYTES === 0) return;
  throw new StoreError('INVALID_ID', `an id has ${ID_BYTES} bytes; ${ids.length} are no whole ids`);
}

function checkState(state: Uint8Array): void {
  if (state.length === LTHASH_BYTES) return;
  throw new RangeError(`an LtHash state has ${LTHASH_BYTES} bytes, not ${state.length}`);
}
