import type { KeyRange } from '../buffer/index.ts';
import { compareKeys, type ItemKey } from '../item.ts';
import type { LogEntry } from './log-entry.ts';

interface TakenRange extends KeyRange {
  /** The hint of `first` as a double. */
  readonly from: number;
  /** Keys that came later are not in it. */
  readonly commit: number;
}

/**
 * What is in the buffer after a row of log entries. Nothing is worked out before all are known: most
 * keys have left the buffer again, and the rest is sorted once.
 */
export class Replay {
  readonly #keys: ItemKey[] = [];
  /** The commit each key came with. */
  readonly #commits: number[] = [];
  /** What was taken, as runs of ascending ranges: each time a merge goes through, one run. */
  readonly #runs: TakenRange[][] = [];

  /** Adds the entry of a commit; commits ascend. */
  add(commit: number, { taken, added }: LogEntry): void {
    if (taken !== null) this.#take({ ...taken, from: Number(taken.first.hint), commit });
    for (const key of added) {
      this.#keys.push(key);
      this.#commits.push(commit);
    }
  }

  /** The keys that are left, ascending. */
  result(): ItemKey[] {
    const left = this.#keys.filter((key, i) => !this.#isTaken(key, this.#commits[i]!));
    // Hints as doubles decide nearly always, at a fraction of what bigints cost.
    const hints = Float64Array.from(left, ({ hint }) => Number(hint));
    const order = Uint32Array.from(left, (_, i) => i);
    order.sort((a, b) => hints[a]! - hints[b]! || compareKeys(left[a]!, left[b]!));
    return Array.from(order, (i) => left[i]!);
  }

  #take(range: TakenRange): void {
    const run = this.#runs.at(-1);
    const before = run?.at(-1);
    if (before !== undefined && compareKeys(before.last, range.first) < 0) run!.push(range);
    else this.#runs.push([range]);
  }

  #isTaken(key: ItemKey, commit: number): boolean {
    return this.#runs.some((run) => {
      if (run.at(-1)!.commit <= commit) return false;
      const range = lastFrom(run, key);
      return range !== undefined && range.commit > commit && compareKeys(key, range.last) <= 0;
    });
  }
}

/** The last of ascending ranges that begins at or below `key`. */
function lastFrom(run: readonly TakenRange[], key: ItemKey): TakenRange | undefined {
  let low = 0;
  let high = run.length;
  const hint = Number(key.hint);
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = run[middle]!;
    if ((range.from - hint || compareKeys(range.first, key)) <= 0) low = middle + 1;
    else high = middle;
  }
  return run[low - 1];
}
