import { createHash } from 'node:crypto';

/** A property that did not hold. */
export interface Violation {
  readonly property: string;
  /** Milliseconds since the start. */
  readonly at: number;
  readonly node: string;
  readonly seen: string;
}

/** How a simulation ended. */
export interface Outcome {
  readonly seed: string;
  readonly traceHash: string;
  readonly converged: boolean;
  readonly violations: readonly Violation[];
  readonly nodes: number;
  readonly actions: number;
  readonly simulatedMs: number;
  /** Milliseconds from the last fault until all sets were equal. */
  readonly convergedAfterMs: number | null;
  /** The lines that were kept, if any were to be. */
  readonly trace: readonly string[];
}

/** Further ones are consequences of the first, as a rule. */
const MOST_VIOLATIONS = 10;

/** A running hash of everything that happens, the lines of it if wanted, and the broken properties. */
export class Report {
  readonly violations: Violation[] = [];
  readonly lines: string[] = [];
  readonly #hash = createHash('sha256');
  readonly #now: () => number;
  readonly #keep: boolean;
  #pending: string[] = [];

  constructor({ now, keep }: { now: () => number; keep: boolean }) {
    this.#now = now;
    this.#keep = keep;
  }

  note(line: string): void {
    this.#pending.push(line);
    if (this.#pending.length >= 256) this.#flush();
  }

  violated(property: string, node: string, seen: string): void {
    this.note(`${this.#now()} ${node} VIOLATED ${property}: ${seen}`);
    if (this.violations.length < MOST_VIOLATIONS) {
      this.violations.push({ property, at: this.#now(), node, seen });
    }
  }

  hash(): string {
    this.#flush();
    return this.#hash.copy().digest('hex').slice(0, 32);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#hash.update(`${this.#pending.join('\n')}\n`);
    if (this.#keep) this.lines.push(...this.#pending);
    this.#pending = [];
  }
}
