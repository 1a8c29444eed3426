import type { Bytes } from '../bytes.ts';
import { type Bound, checkKey, type HeldKey, ID_BYTES, type ItemKey } from '../item.ts';
import type { KeyRun } from './node.ts';

const WORD_BYTES = 4;
const HINT_BYTES = 2 * WORD_BYTES;

/** Room for so many keys, in one piece of memory. */
export function newRun(length: number): KeyRun {
  const buffer = new ArrayBuffer((HINT_BYTES + ID_BYTES) * length);
  return {
    length,
    hints: new Uint32Array(buffer, 0, 2 * length),
    ids: new Uint8Array(buffer, HINT_BYTES * length),
  };
}

/** The keys as a run. Throws `INVALID_HINT` or `INVALID_ID` for a key that cannot stand in a set. */
export function runOf(keys: readonly ItemKey[]): KeyRun {
  const run = newRun(keys.length);
  const hints = new BigUint64Array(run.hints.buffer, 0, run.length);
  keys.forEach((key, i) => {
    checkKey(key);
    hints[i] = key.hint;
    run.ids.set(key.id, i * ID_BYTES);
  });
  return run;
}

export function hintAt(run: KeyRun, at: number): bigint {
  return (BigInt(run.hints[2 * at + 1]!) << 32n) | BigInt(run.hints[2 * at]!);
}

/** A copy of the key at a position. */
export function keyAt(run: KeyRun, at: number): HeldKey {
  return { hint: hintAt(run, at), id: run.ids.slice(at * ID_BYTES, (at + 1) * ID_BYTES) };
}

/** The ids of [begin, end), where they lie. */
export function idsOf(run: KeyRun, begin: number, end: number): Bytes {
  return run.ids.subarray(begin * ID_BYTES, end * ID_BYTES);
}

/** The keys of [begin, end), where they lie. */
export function viewRun(run: KeyRun, begin: number, end: number): KeyRun {
  return {
    length: end - begin,
    hints: run.hints.subarray(2 * begin, 2 * end),
    ids: idsOf(run, begin, end),
  };
}

/** A copy of the keys of [begin, end). */
export function sliceRun(run: KeyRun, begin: number, end: number): KeyRun {
  const copy = newRun(end - begin);
  copyKeys(run, begin, end, copy, 0);
  return copy;
}

/** The keys of both, those of `left` first. */
export function concatRuns(left: KeyRun, right: KeyRun): KeyRun {
  const run = newRun(left.length + right.length);
  copyKeys(left, 0, left.length, run, 0);
  copyKeys(right, 0, right.length, run, left.length);
  return run;
}

/** Writes the keys of [begin, end) to `into`, from position `at` on. */
export function copyKeys(run: KeyRun, begin: number, end: number, into: KeyRun, at: number): void {
  into.hints.set(run.hints.subarray(2 * begin, 2 * end), 2 * at);
  into.ids.set(idsOf(run, begin, end), at * ID_BYTES);
}

/** Key order between a key of `a` and one of `b`; 0 when they are equal. */
export function compareAt(a: KeyRun, i: number, b: KeyRun, j: number): number {
  const high = a.hints[2 * i + 1]! - b.hints[2 * j + 1]!;
  if (high !== 0) return high;
  const low = a.hints[2 * i]! - b.hints[2 * j]!;
  if (low !== 0) return low;
  return compareIds(a.ids, i * ID_BYTES, b.ids, j * ID_BYTES);
}

/** Position of the first key of `run` in [low, high) that is not below the key `of[at]`; else `high`. */
export function searchKey(
  run: KeyRun,
  of: KeyRun,
  at: number,
  low = 0,
  high: number = run.length,
): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(run, middle, of, at) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Position of the first key of `run` that is not below `bound`; `run.length` when there is none. */
export function searchBound(run: KeyRun, bound: Bound): number {
  const highHint = Number(bound.hint >> 32n);
  const lowHint = Number(bound.hint & 0xffff_ffffn);
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const difference = run.hints[2 * middle + 1]! - highHint || run.hints[2 * middle]! - lowHint;
    if (difference < 0 || (difference === 0 && idBelow(run, middle, bound.id))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Throws a RangeError unless every key is above the one before it. */
export function checkAscending(run: KeyRun): void {
  const at = firstDisorder(run);
  if (at === 0) return;
  throw new RangeError(`the keys of a batch must ascend, each once: key ${at} does not`);
}

/** Position of the first key that is not above the one before it, or 0. */
export function firstDisorder(run: KeyRun): number {
  for (let at = 1; at < run.length; at++) {
    if (compareAt(run, at - 1, run, at) >= 0) return at;
  }
  return 0;
}

/** An id that is cut short sorts below every id it is a prefix of. */
function idBelow(run: KeyRun, at: number, id: Uint8Array | null): boolean {
  if (id === null) return false;
  const start = at * ID_BYTES;
  for (let i = 0; i < id.length; i++) {
    const difference = run.ids[start + i]! - id[i]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function compareIds(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): number {
  for (let i = 0; i < ID_BYTES; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Position of the first of ascending `positions` that is not below `limit`. */
export function searchPosition(positions: Uint32Array, limit: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
