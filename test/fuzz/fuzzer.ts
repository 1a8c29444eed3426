import { QuickRandom } from '../support/quick-random.ts';
import { corpusOf } from './corpus.ts';
import { MAX_INPUT_BYTES, mutated } from './mutate.ts';
import { type FuzzTarget, outcomeOf } from './target.ts';

/** Longest time that an input may take, and one that took longer is read again so often. */
const MAX_STEP_MS = 100;
const AGAIN = 3;
/** Inputs beside seeds and corpus to begin with, and the longest of them: they stay in memory. */
const MAX_FOUND = 128;
const MAX_FOUND_BYTES = 2_048;
const MAX_WAYS = 4_096;

export interface Fault {
  readonly input: Uint8Array;
  readonly message: string;
}

/**
 * Reads changed inputs of one target. An input that the decoder refuses in a new way, or takes first, joins those
 * that later ones are made of: outcomes guide it, as coverage guides other fuzzers. A seed decides all inputs.
 */
export class Fuzzer {
  readonly target: FuzzTarget;
  /** Inputs that showed a new way through the decoder. */
  readonly found: Uint8Array[] = [];
  readonly faults: Fault[] = [];
  frames = 0;
  taken = 0;
  longestMs = 0;
  readonly #dice: QuickRandom;
  readonly #pool: Uint8Array[];
  /** Hashes of ways: a piece of a message would hold all of it. */
  readonly #ways = new Set<number>();

  constructor(target: FuzzTarget, seed: number) {
    this.target = target;
    this.#dice = new QuickRandom(`${target.name} ${seed}`);
    this.#pool = [...target.seeds, ...corpusOf(target.name)];
  }

  /** Reads inputs as they are, so that what they show counts as known. */
  async begin(): Promise<void> {
    for (const input of [...this.#pool]) await this.#read(input, false);
  }

  /** Reads one changed input. */
  async step(): Promise<void> {
    const { mend, tokens = [], maxBytes = MAX_INPUT_BYTES } = this.target;
    const input = mutated({ dice: this.#dice, pool: this.#pool, tokens, maxBytes });
    if (this.#dice.below(4) > 0) mend?.(input);
    await this.#read(input, true);
  }

  async #read(input: Uint8Array, mayJoin: boolean): Promise<void> {
    const began = performance.now();
    const outcome = await outcomeOf(this.target, input);
    const took = performance.now() - began;
    this.frames++;
    if (outcome.kind === 'taken') this.taken++;
    if (outcome.kind === 'fault') this.#note(input, outcome.way, faultText(outcome.error));
    if (took > this.longestMs) await this.#late(input, took);
    if (this.#ways.size === MAX_WAYS || !this.#isNew(outcome.way)) return;
    if (!mayJoin || input.length > MAX_FOUND_BYTES || this.found.length === MAX_FOUND) return;
    this.found.push(input);
    this.#pool.push(input);
  }

  /** The machine, or the collector, may have been at fault: the least processor time of several readings counts. */
  async #late(input: Uint8Array, took: number): Promise<void> {
    let shortest = took;
    for (let again = 0; again < AGAIN && shortest > this.longestMs; again++) {
      const began = process.threadCpuUsage();
      await outcomeOf(this.target, input);
      const { user, system } = process.threadCpuUsage(began);
      shortest = Math.min(shortest, (user + system) / 1_000);
    }
    this.longestMs = Math.max(this.longestMs, shortest);
    if (shortest > MAX_STEP_MS) this.#note(input, 'hang', `it takes ${shortest.toFixed(0)} ms`);
  }

  #note(input: Uint8Array, way: string, message: string): void {
    if (this.#isNew(`fault: ${way}`)) this.faults.push({ input, message });
  }

  #isNew(way: string): boolean {
    const known = this.#ways.size;
    return this.#ways.add(hashOf(way)).size > known;
  }
}

/** FNV-1a. */
function hashOf(way: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < way.length; at++) hash = Math.imul(hash ^ way.charCodeAt(at), 0x01000193);
  return hash;
}

/** The first lines: where it was thrown. */
function faultText(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? String(error)).split('\n').slice(0, 4).join(' | ')
    : String(error);
}
