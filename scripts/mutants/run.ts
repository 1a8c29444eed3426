import { Coverage, reaches } from './coverage.ts';
import type { Mutant } from './find.ts';
import { type Equivalent, isSame } from './lists.ts';
import { runTest, type TestRun, type TestRunInit } from './run-test.ts';
import { testsOf } from './select.ts';

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
  const coverage = new Coverage(init.root);
  const judged: Judged[] = [];
  await inParallel(init.mutants, init.concurrency, async (mutant) => {
    const verdict = await judgeOne(init, mutant, coverage);
    judged.push(verdict);
    init.onJudged(verdict, judged.length);
  });
  return judged;
}

async function judgeOne(init: MutantsInit, mutant: Mutant, coverage: Coverage): Promise<Judged> {
  const known = init.equivalents.find((entry) => isSame(entry, mutant));
  if (known !== undefined) {
    return { mutant, verdict: 'equivalent', why: known.reason, late: false };
  }
  let tests = 0;
  let leftMs = init.budgetMs;
  for (const group of testsOf(init.root, mutant.file)) {
    const reaching = await reachingTests(group, mutant, coverage);
    for (const { test, ms } of reaching) {
      if (tests > 0 && ms > leftMs) break;
      leftMs -= ms;
      tests++;
      const timeoutMs = SLACK_MS + SLACK_FACTOR * ms;
      const run = await runUnlessSlow({ root: init.root, test, timeoutMs, mutant });
      if (run.outcome === 'passed') continue;
      const late = run.outcome === 'timeout';
      return { mutant, verdict: 'noticed', why: `${test}: ${late ? 'timeout' : run.says}`, late };
    }
    if (leftMs <= 0) break;
  }
  const why = tests === 0 ? 'no test reaches it' : `${tests} tests passed`;
  return { mutant, verdict: 'survived', why, late: false };
}

/** A run that is late may have met a busy machine: it gets a second one with twice the time. */
async function runUnlessSlow(run: TestRunInit): Promise<TestRun> {
  const first = await runTest(run);
  return first.outcome === 'timeout' ? runTest({ ...run, timeoutMs: 2 * run.timeoutMs }) : first;
}

/** Those of a group that run the mutant's code, the quickest first. */
async function reachingTests(
  group: readonly string[],
  mutant: Mutant,
  coverage: Coverage,
): Promise<{ test: string; ms: number }[]> {
  const found: { test: string; ms: number }[] = [];
  for (const test of group) {
    const reach = await coverage.reachOf(test);
    if (reaches(reach, mutant.file, mutant.start)) found.push({ test, ms: reach.ms });
  }
  return found.sort((a, b) => a.ms - b.ms);
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
