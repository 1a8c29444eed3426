import type { Fault, Overrides } from './plan.ts';
import type { Answer } from './worker.ts';

/** Runs a seed with some of it left out. */
export type Attempt = (overrides: Overrides) => Promise<Answer>;

interface MinimiseInit {
  readonly attempt: Attempt;
  readonly failed: Answer;
  readonly overrides: Overrides;
  /** Most runs. */
  readonly runs: number;
}

export interface Smaller {
  readonly answer: Answer;
  readonly overrides: Overrides;
}

/**
 * Looks for a smaller case of a failing seed: fewer kinds of faults, fewer actions. A case counts if the
 * same property does not hold.
 */
export async function minimise({
  attempt,
  failed,
  overrides,
  runs,
}: MinimiseInit): Promise<Smaller> {
  const property = failed.violations[0]?.property;
  let best: Smaller = { answer: failed, overrides };
  let left = runs;
  const tries = async (smaller: Overrides): Promise<boolean> => {
    if (left-- <= 0) return false;
    const answer = await attempt(smaller);
    if (answer.violations[0]?.property !== property) return false;
    best = { answer, overrides: smaller };
    return true;
  };
  // What comes after the first violation had no part in it.
  const kept = Array.from({ length: failed.actions }, (_, i) => i);
  const without = new Set(overrides.without);
  let rest = kept.filter((i) => !without.has(i));
  for (let size = Math.ceil(rest.length / 2); size >= 1 && left > 0; size = Math.floor(size / 2)) {
    for (let from = 0; from < rest.length && left > 0; ) {
      const out = new Set([...without, ...rest.slice(from, from + size)]);
      if (await tries({ ...best.overrides, without: out })) {
        for (const i of out) without.add(i);
        rest = rest.filter((i) => !without.has(i));
      } else from += size;
    }
  }
  return best;
}

/** The options of the command line that stand for these. */
export function flagsOf({ nodes, items, minutes, faults, without }: Overrides): string {
  const flags = [
    ...(nodes === undefined ? [] : [`--nodes ${nodes}`]),
    ...(items === undefined ? [] : [`--items ${items}`]),
    ...(minutes === undefined ? [] : [`--minutes ${minutes}`]),
    ...(faults === undefined ? [] : [`--faults ${faults.join(',') || 'none'}`]),
    ...(without === undefined || without.size === 0 ? [] : [`--without ${rangesOf(without)}`]),
  ];
  return flags.join(' ');
}

/** Numbers as ranges: `3-5,8`. */
export function rangesOf(numbers: ReadonlySet<number>): string {
  const sorted = [...numbers].toSorted((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1 === number) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** The numbers of such ranges. */
export function numbersIn(text: string): Set<number> {
  const numbers = new Set<number>();
  for (const part of text.split(',').filter((each) => each !== '')) {
    const [, from, to = from] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
    if (from === undefined) throw new Error(`--without takes numbers and ranges, not ${part}`);
    for (let number = Number(from); number <= Number(to); number++) numbers.add(number);
  }
  return numbers;
}

/** Names of faults, separated by commas; `none` for none. */
export function faultsIn(text: string, known: readonly Fault[]): Fault[] {
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const fault = known.find((each) => each === name);
    if (fault === undefined) throw new Error(`${name} is no fault; there are ${known.join(', ')}`);
    return fault;
  });
}
