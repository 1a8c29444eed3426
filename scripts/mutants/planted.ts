import { editOf, type Planted } from './lists.ts';
import { runTest } from './run-test.ts';

export interface PlantedResult {
  readonly planted: Planted;
  readonly noticed: boolean;
  readonly seconds: number;
  readonly says: string;
}

/** A planted mistake must be told by its test within this time, start of the process included. */
const LIMIT_MS = 10_000;

/** Throws when a test of the list fails without any mistake. */
export async function checkBaseline(root: string, test: string): Promise<void> {
  const run = await runTest({ root, test, timeoutMs: 60_000 });
  if (run.outcome !== 'passed')
    throw new Error(`${test} does not pass without a mistake: ${run.says}`);
}

/** Plants one mistake of the list and runs the test that is named for it. */
export async function tryPlanted(root: string, planted: Planted): Promise<PlantedResult> {
  const mutant = editOf(root, planted);
  const run = await runTest({ root, test: planted.test, timeoutMs: LIMIT_MS, mutant });
  return {
    planted,
    noticed: run.outcome === 'failed' && run.told,
    seconds: run.ms / 1_000,
    says: run.outcome === 'timeout' ? 'ran into the time limit' : run.says,
  };
}
