import { Coverage, type Reach } from './coverage.ts';
import type { Mutant } from './find.ts';
import { type Equivalent, isSame } from './lists.ts';
import { runTest } from './run-test.ts';
import { order, testsOf } from './select.ts';

export type Verdict = 'noticed' | 'survived' | 'equivalent';

export interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** The test that noticed it and its words, the reason of an equivalent, or how many tests passed. */
  readonly why: string;
  /** The test noticed by running into its time limit alone. */
  readonly late: boolean;
}

export interface MutantsInit {
  readonly root: string;
  readonly mutants: readonly Mutant[];
  readonly equivalents: readonly Equivalent[];
  /** Mutants and tests that run side by side. */
  readonly concurrency: number;
  /** Time that the tests of one mutant may take together, without the mutant. */
  readonly budgetMs: number;
  readonly onJudged: (judged: Judged, done: number) => void;
}

/** A test under a mutant may take this much longer than without. */
const SLACK_MS = 10_000;
const SLACK_FACTOR = 4;

/** Plants each mutant in turn and runs the tests that can notice it. */
export async function judge(init: MutantsInit): Promise<Judged[]> {
  const reaches = await reachOfTests(init);
  const judged: Judged[] = [];
  await inParallel(init.mutants, init.concurrency, async (mutant) => {
    const verdict = await judgeOne(init, mutant, reaches);
    judged.push(verdict);
    init.onJudged(verdict, judged.length);
  });
  return judged;
}

async function reachOfTests(init: MutantsInit): Promise<ReadonlyMap<string, Reach>> {
  const coverage = new Coverage(init.root);
  const files = new Set(init.mutants.map((mutant) => mutant.file));
  const tests = new Set([...files].flatMap((file) => testsOf(init.root, file)));
  const reaches = new Map<string, Reach>();
  await inParallel([...tests], init.concurrency, async (test) => {
    reaches.set(test, await coverage.reachOf(test));
  });
  return reaches;
}

async function judgeOne(
  init: MutantsInit,
  mutant: Mutant,
  reaches: ReadonlyMap<string, Reach>,
): Promise<Judged> {
  const known = init.equivalents.find((entry) => isSame(entry, mutant));
  if (known !== undefined) {
    return { mutant, verdict: 'equivalent', why: known.reason, late: false };
  }
  const candidates = testsOf(init.root, mutant.file).map(
    (test) => [test, reaches.get(test)!] as const,
  );
  const tests = order(mutant, candidates, init.budgetMs);
  for (const test of tests) {
    const timeoutMs = SLACK_MS + SLACK_FACTOR * reaches.get(test)!.ms;
    const run = await runTest({ root: init.root, test, timeoutMs, mutant });
    if (run.outcome === 'passed') continue;
    const late = run.outcome === 'timeout';
    return { mutant, verdict: 'noticed', why: `${test}: ${late ? 'timeout' : run.says}`, late };
  }
  const why = tests.length === 0 ? 'no test reaches it' : `${tests.length} tests passed`;
  return { mutant, verdict: 'survived', why, late: false };
}

/** Works through `items` with `width` of them under way at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
