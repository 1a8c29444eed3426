import { parentPort } from 'node:worker_threads';
import { drawPlan } from './draw.ts';
import type { Overrides } from './plan.ts';
import { Reach } from './reach.ts';
import type { Outcome, Violation } from './report.ts';
import { runPlan } from './run.ts';

/** A seed for a thread to run. */
export interface Order {
  readonly seed: string;
  readonly overrides: Overrides;
  /** Whether the lines of the trace are wanted. */
  readonly keep: boolean;
  /** Whether marks are looked for, which takes twice the time. */
  readonly marks: boolean;
}

/** The answer of a thread. */
export interface Answer extends Outcome {
  /** Milliseconds of the processor. */
  readonly cpuMs: number;
  /** Names of the marks that the seed reached, where they are looked for. */
  readonly reached: readonly string[];
}

let reach: Reach | null = null;

/** Rejections that no code takes, in the seed under way. */
let unhandled: Violation[] = [];

async function answer({ seed, overrides, keep, marks }: Order): Promise<Answer> {
  if (marks) reach ??= new Reach();
  else stopLooking();
  unhandled = [];
  const before = process.threadCpuUsage();
  const outcome = await runPlan(drawPlan(seed, overrides), { keep });
  const { user, system } = process.threadCpuUsage(before);
  const violations = [...outcome.violations, ...unhandled.slice(0, 3)];
  const reached = reach?.take() ?? [];
  return { ...outcome, violations, cpuMs: (user + system) / 1_000, reached };
}

function stopLooking(): void {
  reach?.stop();
  reach = null;
}

process.on('unhandledRejection', (error) => {
  const seen = error instanceof Error ? (error.stack ?? error.message) : String(error);
  unhandled.push({ property: 'unhandled', at: 0, node: 'all', seen });
});

parentPort?.on('message', (order: Order) => {
  void answer(order).then((done) => parentPort?.postMessage(done));
});
