import { bytesToHex } from '../bytes.ts';
import type { KeyRun } from './node.ts';
import { compareAt, copyKeys, hintAt, idsOf, newRun, searchKey } from './run.ts';

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
