import { bytesToHex } from '../../bytes.ts';
import type { VerifyProblem } from './types.ts';

/** Problems as they are found: all are counted, the first are kept. */
export class Findings {
  readonly #max: number;
  readonly problems: VerifyProblem[] = [];
  count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  add(code: VerifyProblem['code'], key: Uint8Array | null, message: string): void {
    this.count++;
    if (this.problems.length >= this.#max) return;
    this.problems.push({ code, key: key === null ? '' : bytesToHex(key), message });
  }

  /** Notes an error as a problem; one that does not speak of damage is thrown on. */
  async guard(code: VerifyProblem['code'], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (!DAMAGE.includes(name)) throw error;
      this.add(code, null, (error as Error).message);
    }
  }
}

/** Errors by which the store's own readers speak of damage. */
const DAMAGE = ['StoreError', 'RecordError', 'GapError', 'RangeError'];
