import type { KeyRange } from '../../buffer/index.ts';
import { compareKeys, ID_BYTES, type ItemKey } from '../../item.ts';
import { type KeyRun, newRun } from '../../tree/index.ts';
import { orderOf } from '../../vector/index.ts';
import type { LoggedEntry, LoggedKeys } from '../records/index.ts';

/** Comparing hints as doubles nearly always decides, and costs a fraction of comparing bigints. */
interface TakenRange extends KeyRange {
  /** The hint of `first` as a double. */
  readonly from: number;
  /** The hint of `last` as a double. */
  readonly to: number;
  /** Keys of later commits are not in it. */
  readonly commit: number;
}

interface LoggedBatch {
  readonly commit: number;
  readonly keys: LoggedKeys;
}

/** The ranges that one merge took, ascending. */
interface MergedRun {
  readonly ranges: TakenRange[];
  /** `from` of each range. */
  readonly from: Float64Array;
  readonly lastCommit: number;
}

/** Plays log entries. Most keys have left the buffer again, so the rest is found and sorted at the end. */
export class Replay {
  readonly #batches: LoggedBatch[] = [];
  /** Taken ranges, as ascending runs: one for each sweep. */
  readonly #runs: TakenRange[][] = [];

  /** Adds the entry of a commit; commits ascend. */
  add(commit: number, { taken, added }: LoggedEntry): void {
    if (taken !== null) this.#take(commit, taken);
    this.#batches.push({ commit, keys: added });
  }

  /** The keys that are left, ascending. */
  result(): KeyRun {
    const left = new Places();
    const runs = this.#runs.map((ranges) => ({
      ranges,
      from: Float64Array.from(ranges, ({ from }) => from),
      lastCommit: ranges.at(-1)!.commit,
    }));
    for (const batch of this.#batches) {
      const later = runs.filter(({ lastCommit }) => lastCommit > batch.commit);
      for (let i = 0; i < batch.keys.length; i++) {
        if (!isTakenByAny(later, batch, i)) left.add(batch.keys, i);
      }
    }
    return left.sorted();
  }

  #take(commit: number, { first, last }: KeyRange): void {
    const range = { first, last, from: Number(first.hint), to: Number(last.hint), commit };
    const run = this.#runs.at(-1);
    const before = run?.at(-1);
    if (before !== undefined && compareKeys(before.last, first) < 0) run!.push(range);
    else this.#runs.push([range]);
  }
}

/** Places of keys. A key is made only once its order is known. */
class Places {
  readonly #keys: LoggedKeys[] = [];
  readonly #positions: number[] = [];

  add(keys: LoggedKeys, position: number): void {
    this.#keys.push(keys);
    this.#positions.push(position);
  }

  /** The keys, ascending. */
  sorted(): KeyRun {
    const key = (i: number): ItemKey => this.#keys[i]!.key(this.#positions[i]!);
    const [low, high] = [this.#hintWords(0), this.#hintWords(1)];
    const order = orderOf(low.length, [low, high], (a, b) => compareKeys(key(a), key(b)));
    const run = newRun(order.length);
    for (let at = 0; at < order.length; at++) {
      const from = order[at]!;
      run.hints[2 * at] = low[from]!;
      run.hints[2 * at + 1] = high[from]!;
      this.#keys[from]!.copyId(this.#positions[from]!, run.ids, at * ID_BYTES);
    }
    return run;
  }

  #hintWords(which: 0 | 1): Uint32Array {
    const words = new Uint32Array(this.#keys.length);
    for (let i = 0; i < words.length; i++) {
      words[i] = this.#keys[i]!.hintWord(this.#positions[i]!, which);
    }
    return words;
  }
}

/** A plain loop, since it runs for every key in the log. */
function isTakenByAny(runs: readonly MergedRun[], batch: LoggedBatch, position: number): boolean {
  for (const run of runs) if (isTaken(run, batch, position)) return true;
  return false;
}

function isTaken(
  { ranges, from }: MergedRun,
  { commit, keys }: LoggedBatch,
  position: number,
): boolean {
  const hint = keys.hint(position);
  let low = 0;
  let high = from.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const difference = from[middle]! - hint;
    const order = difference || compareKeys(ranges[middle]!.first, keys.key(position));
    if (order <= 0) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  if (range === undefined || range.commit <= commit) return false;
  return (hint - range.to || compareKeys(keys.key(position), range.last)) <= 0;
}
