import { bytesToKey, compareBytes } from '../../bytes.ts';
import { ID_BYTES } from '../../item.ts';
import { idsOf, type KeyRun } from '../../tree/index.ts';
import { ID_WORDS, wordsOf } from './blocks.ts';
import { orderOf } from './order.ts';

/** Scans before an index is made, which costs as much as a dozen scans and 8 bytes an item. */
const SCANS = 8;

/** A scan is for few ids: more than one in so many items get an index at once. */
const SCAN_SHARE = 64;

/** Finds ids in a run, which is ordered by hint: at first by scans of all ids, later by an index. */
export class RunIdLookup {
  readonly #run: KeyRun;
  #scans = 0;
  #index: RunIdIndex | null = null;

  constructor(run: KeyRun) {
    this.#run = run;
  }

  /** Those of `ids` that are not in the run, in their order. */
  lacking<Id extends Uint8Array>(ids: readonly Id[]): Id[] {
    const few = ids.length * SCAN_SHARE <= this.#run.length;
    if (this.#index === null && few && this.#scans++ < SCANS) return scan(this.#run, ids);
    this.#index ??= new RunIdIndex(this.#run);
    const index = this.#index;
    return ids.filter((id) => !index.has(id));
  }
}

function scan<Id extends Uint8Array>(run: KeyRun, ids: readonly Id[]): Id[] {
  const sought = new Set(ids.map(bytesToKey));
  const filter = new Uint8Array(2 ** 13);
  for (const id of ids) {
    const word = firstWord(id);
    filter[(word >>> 3) & (filter.length - 1)]! |= 1 << (word & 7);
  }
  const words = wordsOf(run.ids);
  for (let at = 0; at < words.length; at += ID_WORDS) {
    const word = words[at]!;
    if ((filter[(word >>> 3) & (filter.length - 1)]! & (1 << (word & 7))) === 0) continue;
    sought.delete(bytesToKey(run.ids.subarray(4 * at, 4 * at + ID_BYTES)));
  }
  return ids.filter((id) => sought.has(bytesToKey(id)));
}

/** The ids of a run by their first word, then bytewise. */
class RunIdIndex {
  readonly #run: KeyRun;
  readonly #words: Uint32Array;
  readonly #order: Uint32Array;

  constructor(run: KeyRun) {
    const words = wordsOf(run.ids);
    this.#run = run;
    this.#words = new Uint32Array(run.length);
    for (let i = 0; i < run.length; i++) this.#words[i] = words[i * ID_WORDS]!;
    this.#order = orderOf(run.length, [this.#words], (a, b) =>
      compareBytes(this.#id(a), this.#id(b)),
    );
  }

  has(id: Uint8Array): boolean {
    const word = firstWord(id);
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.#order[middle]!;
      const difference = this.#words[at]! - word || compareBytes(this.#id(at), id);
      if (difference === 0) return true;
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  #id(at: number): Uint8Array {
    return idsOf(this.#run, at, at + 1);
  }
}

/** As in `wordsOf`, whatever the alignment. */
function firstWord(id: Uint8Array): number {
  return (id[0]! | (id[1]! << 8) | (id[2]! << 16) | (id[3]! << 24)) >>> 0;
}
