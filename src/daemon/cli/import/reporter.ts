import { type CliInit, printLine } from '../init.ts';
import type { ProgressBar } from '../terminal/index.ts';
import { formatOrigin } from './candidate.ts';
import { createProgress } from './progress.ts';
import type { ImportOutcome } from './run.ts';

/** Failures that people are shown; --json shows all. */
const MAX_SHOWN = 20;

interface ReporterInit {
  readonly json: boolean;
  /** Candidates; null: not known. */
  readonly total: number | null;
  readonly init: CliInit;
}

/** Tells people or programs what became of each candidate. */
export class Reporter {
  readonly #init: ReporterInit;
  readonly #progress: ProgressBar;
  #failed = 0;

  constructor(init: ReporterInit) {
    this.#init = init;
    this.#progress = createProgress(init.init.stderr, init.init.clock, init.total);
  }

  async report(outcome: ImportOutcome): Promise<void> {
    this.#progress.step();
    const { origin } = outcome;
    if (this.#init.json) {
      const { kind, origin: _, ...rest } = outcome;
      const facts = kind === 'imported' ? outcome.answer : rest;
      await printLine(this.#init.init.stdout, JSON.stringify({ ...origin, ...facts }));
    } else if (outcome.kind === 'failed') {
      const { code, message } = outcome.error;
      if (++this.#failed <= MAX_SHOWN)
        await this.#say(`${formatOrigin(origin)}: ${message} [${code}]`);
    } else if (outcome.kind === 'skipped' && outcome.reason === 'ownFile') {
      const words = 'skipped, since it is data, a key or a token of a node';
      await this.#say(`${formatOrigin(origin)}: ${words}`);
    }
  }

  async end(): Promise<void> {
    this.#progress.end();
    const more = this.#failed - MAX_SHOWN;
    if (more > 0) await this.#say(`${more} more failed and are not shown; --json shows all`);
  }

  async #say(words: string): Promise<void> {
    this.#progress.giveWay();
    await printLine(this.#init.init.stderr, `rangemesh: ${words}`);
  }
}
