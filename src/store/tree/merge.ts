import { bytesToHex } from '../bytes.ts';
import { ID_BYTES } from '../item.ts';
import type { KeyRun } from './node.ts';
import { compareAt, concatRuns, copyKeys, hintAt, idsOf, newRun, searchKey } from './run.ts';

/** Two runs in one, and where the keys of the second went. */
export interface Merged {
  readonly run: KeyRun;
  /** Position in `run` of each key that came from the batch. */
  readonly positions: Uint32Array;
}

/** `old` and the keys of `batch`. Throws a RangeError when both have one. */
export function mergeRuns(old: KeyRun, batch: KeyRun): Merged {
  const run = newRun(old.length + batch.length);
  const positions = new Uint32Array(batch.length);
  let from = 0;
  for (let i = 0; i < batch.length; ) {
    const at = searchKey(old, batch, i, from);
    if (at < old.length && compareAt(old, at, batch, i) === 0) {
      throw new RangeError(`key ${describe(batch, i)} is in the tree already: leave it out`);
    }
    const stop = at < old.length ? endOfGap(batch, i, old, at) : batch.length;
    copyKeys(old, from, at, run, from + i);
    copyKeys(batch, i, stop, run, at + i);
    for (let j = i; j < stop; j++) positions[j] = at + j;
    from = at;
    i = stop;
  }
  copyKeys(old, from, old.length, run, from + batch.length);
  return { run, positions };
}

/** The keys of both, which have none in common. Key by key: `mergeRuns` is for few keys among many. */
export function interleaved(a: KeyRun, b: KeyRun): KeyRun {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  if (compareAt(a, a.length - 1, b, 0) < 0) return concatRuns(a, b);
  if (compareAt(b, b.length - 1, a, 0) < 0) return concatRuns(b, a);
  const run = newRun(a.length + b.length);
  const [intoIds, idsOfA, idsOfB] = [idWords(run), idWords(a), idWords(b)];
  for (let at = 0, i = 0, j = 0; at < run.length; at++) {
    const fromA = j === b.length || (i < a.length && compareAt(a, i, b, j) < 0);
    if (fromA) moveKey(a, idsOfA, i++, run, intoIds, at);
    else moveKey(b, idsOfB, j++, run, intoIds, at);
  }
  return run;
}

const ID_WORDS = ID_BYTES / Uint32Array.BYTES_PER_ELEMENT;

function idWords({ ids, length }: KeyRun): Uint32Array {
  return new Uint32Array(ids.buffer, ids.byteOffset, length * ID_WORDS);
}

/** Views for a single key would cost more than its copy. */
function moveKey(
  { hints }: KeyRun,
  ids: Uint32Array,
  from: number,
  into: KeyRun,
  intoIds: Uint32Array,
  to: number,
): void {
  into.hints[2 * to] = hints[2 * from]!;
  into.hints[2 * to + 1] = hints[2 * from + 1]!;
  for (let word = 0; word < ID_WORDS; word++) {
    intoIds[to * ID_WORDS + word] = ids[from * ID_WORDS + word]!;
  }
}

/** `old` without the keys of `batch`. Throws a RangeError when it lacks one of them. */
export function withoutKeys(old: KeyRun, batch: KeyRun): KeyRun {
  const run = newRun(Math.max(0, old.length - batch.length));
  let from = 0;
  for (let i = 0; i < batch.length; i++) {
    const at = searchKey(old, batch, i, from);
    if (at === old.length || compareAt(old, at, batch, i) !== 0) {
      throw new RangeError(`key ${describe(batch, i)} is not in the tree: leave it out`);
    }
    copyKeys(old, from, at, run, from - i);
    from = at + 1;
  }
  copyKeys(old, from, old.length, run, from - batch.length);
  return run;
}

/** The first position behind `begin` whose key does not fall into the gap before `old[at]`. */
function endOfGap(batch: KeyRun, begin: number, old: KeyRun, at: number): number {
  let end = begin + 1;
  while (end < batch.length && compareAt(batch, end, old, at) < 0) end++;
  return end;
}

function describe(run: KeyRun, at: number): string {
  return `(${hintAt(run, at)}, ${bytesToHex(idsOf(run, at, at + 1))})`;
}
