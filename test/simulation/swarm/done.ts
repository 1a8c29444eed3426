import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import type { Answer } from './worker.ts';

/** What a run keeps of a seed that passed. */
export type Passed = Pick<Answer, 'seed' | 'traceHash' | 'simulatedMs' | 'cpuMs' | 'reached'>;

/** The seeds that passed, over several runs where a file keeps them: a line each. */
export class Done {
  readonly #file: string | null;
  readonly #passed = new Map<string, Passed>();

  /** Opens the file of an earlier run, if there is one. */
  constructor(file: string | null) {
    this.#file = file;
    if (file === null || !existsSync(file)) return;
    // A run that was killed may have left half a line.
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    truncateSync(file, Buffer.byteLength(whole));
    for (const line of whole.split('\n')) {
      if (line === '') continue;
      const passed = JSON.parse(line) as Passed;
      this.#passed.set(passed.seed, passed);
    }
  }

  get all(): readonly Passed[] {
    return [...this.#passed.values()];
  }

  has(seed: string): boolean {
    return this.#passed.has(seed);
  }

  /** The marks that any seed has reached. */
  get reached(): ReadonlySet<string> {
    return new Set(this.all.flatMap(({ reached }) => reached));
  }

  add({ seed, traceHash, simulatedMs, cpuMs, reached }: Passed): void {
    const passed = { seed, traceHash, simulatedMs, cpuMs, reached };
    this.#passed.set(seed, passed);
    if (this.#file !== null) appendFileSync(this.#file, `${JSON.stringify(passed)}\n`);
  }
}
