import { combineAll, type FingerprintScheme } from '../../fingerprint/index.ts';
import type { ChildSums } from '../node-store.ts';

/**
 * Bytes of the sums of one node at most: a sum for each of 64 children under LtHash. With fewer sums, a
 * range reads summaries that are so seldom read that they are not in the cache.
 */
const SUMS_BYTES = 128 * 1024;

/**
 * One sum behind each child, or behind every few where a node would take too much. They follow from the
 * summaries, so they are never stored.
 */
export class CachedSums implements ChildSums {
  /** Children between two sums. */
  readonly #stride: number;
  readonly #length: number;
  readonly #states: readonly Uint8Array[];

  private constructor(stride: number, length: number, states: readonly Uint8Array[]) {
    this.#stride = stride;
    this.#length = length;
    this.#states = states;
  }

  /** Sums the summaries of all children of a node, in their order. */
  static of(scheme: FingerprintScheme, summaries: readonly Uint8Array[]): CachedSums {
    const { stateBytes } = scheme;
    const { length } = summaries;
    const stride = Math.ceil((length * stateBytes) / SUMS_BYTES);
    const memory = new Uint8Array(Math.ceil(length / stride) * stateBytes);
    const states: Uint8Array[] = [];
    for (let at = 0; at < length; at += stride) {
      const begin = states.length * stateBytes;
      const state = memory.subarray(begin, begin + stateBytes);
      state.set(states.at(-1) ?? scheme.empty());
      combineAll(scheme, state, summaries.slice(at, at + stride));
      states.push(state);
    }
    return new CachedSums(stride, length, states);
  }

  /** Bytes that they take in memory, roughly. */
  get bytes(): number {
    return 300 + this.#states.reduce((sum, state) => sum + 200 + state.length, 0);
  }

  nearest(count: number): number {
    return Math.min(this.#length, Math.round(count / this.#stride) * this.#stride);
  }

  first(count: number): Uint8Array {
    return this.#states[Math.ceil(count / this.#stride) - 1]!;
  }

  part(begin: number, end: number): CachedSums {
    const states = this.#states.map((state) => state.subarray(begin, end));
    return new CachedSums(this.#stride, this.#length, states);
  }
}
