import { bytesToKey, type ItemKey } from '../../../src/store/index.ts';

interface State {
  readonly at: number;
  readonly version: number;
  /** Of the ids in the set. */
  readonly sum: string;
}

/**
 * What became of the set of one node, from what it told: all that it said to hold must be there for good,
 * over restarts and crashes too.
 */
export class History {
  /** By key of the id, since when it is held. */
  readonly held: Map<string, { readonly hint: bigint; readonly at: number }> = new Map();
  /** When an item left, by key of the id. */
  readonly left: Map<string, number> = new Map();
  /** Items that left because their hints are below the floor. */
  readonly pruned: Set<string> = new Set();
  /** Items that a fault took: they may leave and come back. */
  readonly excused: Set<string> = new Set();
  /** The highest floor that it had. */
  floor = 0n;
  /** The set after each change. */
  readonly #states: State[] = [];
  /** Where the states of the present run begin: versions are of one run. */
  #run = 0;
  readonly #sum: Uint32Array = new Uint32Array(4);

  /** Why an item must not come: it is here already, or it was removed for good. */
  came({ hint, id }: ItemKey, at: number): 'twice' | 'returned' | null {
    const key = bytesToKey(id);
    if (this.held.has(key)) return this.excused.has(key) ? null : 'twice';
    const returned = this.pruned.has(key);
    this.held.set(key, { hint, at });
    this.left.delete(key);
    this.#fold(id, 1);
    return returned ? 'returned' : null;
  }

  went(key: string, id: Uint8Array, at: number): void {
    if (!this.held.delete(key)) return;
    this.left.set(key, at);
    this.#fold(id, -1);
  }

  changed(at: number, version: number): void {
    this.#states.push({ at, version, sum: this.sum });
  }

  began(): void {
    this.#run = this.#states.length;
  }

  /** The sum of the set at a version of the present run; undefined while its index cannot be read. */
  sumAt(version: number): string | undefined {
    for (let i = this.#states.length - 1; i >= this.#run; i--) {
      const state = this.#states[i]!;
      if (state.version <= version) return state.sum;
    }
    return undefined;
  }

  get sum(): string {
    return this.#sum.join();
  }

  /** Whether the set was so at some moment since `from`. */
  was(sum: string, from: number): boolean {
    if (sum === this.sum) return true;
    for (let i = this.#states.length - 1; i >= 0; i--) {
      if (this.#states[i]!.sum === sum) return true;
      // This state held until the one behind it began.
      if (this.#states[i]!.at < from) return false;
    }
    return this.#states.length === 0 && sum === '0,0,0,0';
  }

  #fold(id: Uint8Array, sign: 1 | -1): void {
    const view = new DataView(id.buffer, id.byteOffset, id.byteLength);
    for (let word = 0; word < 4; word++) {
      this.#sum[word] = this.#sum[word]! + sign * view.getUint32(4 * word);
    }
  }
}
