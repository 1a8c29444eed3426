import { bytesToHex } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import { type FingerprintScheme, sum256 } from '../../fingerprint/index.ts';
import type { Snapshot } from '../../storage.ts';
import { firstDisorder, type KeyRun, keyAt } from '../../tree/index.ts';
import { Blocks, type BlocksInit } from './blocks.ts';
import { type FlatSet, FlatSnapshot } from './flat-snapshot.ts';
import { RunIdLookup } from './id-lookup.ts';
import { sortKeys } from './sort.ts';
import { PrefixSums } from './sums.ts';

/** Options of a `FlatVector`. */
export type FlatVectorInit = BlocksInit;

/**
 * An item set in memory that is filled, then sealed, then only read: the Vector of Negentropy's
 * implementations. It takes 41 bytes an item and keeps `sum256`. As there, an id under two hints is
 * two items.
 */
export class FlatVector {
  #blocks: Blocks;
  #set: FlatSet | null = null;

  /** Throws `INVALID_INIT`, or `INVALID_SIZE` for a size of blocks that is no power of two. */
  constructor(init: FlatVectorInit = {}) {
    this.#blocks = new Blocks(init);
  }

  get scheme(): FingerprintScheme {
    return sum256;
  }

  get size(): number {
    return this.#set?.run.length ?? this.#blocks.length;
  }

  /** Adds a key, in any order. Throws `INVALID_HINT`, `INVALID_ID`, or `SEALED` after `seal`. */
  insert(hint: bigint, id: Uint8Array): void {
    if (this.#set !== null) throw new StoreError('SEALED', 'the vector is sealed: fill a new one');
    this.#blocks.push(hint, id);
  }

  /**
   * Puts the keys in order, after which they can be read. Idempotent. Throws `DUPLICATE_KEY` when one
   * was inserted twice.
   */
  seal(): void {
    if (this.#set !== null) return;
    const run = this.#blocks.ascending ? this.#blocks.concat() : sortKeys(this.#blocks);
    const twice = firstDisorder(run);
    if (twice > 0) throw duplicate(run, twice);
    this.#set = { run, sums: new PrefixSums(run.ids), lookup: new RunIdLookup(run) };
    this.#blocks = new Blocks();
  }

  /** The set, for one reader. Costs nothing. Throws `NOT_SEALED` before `seal`. */
  snapshot(): Snapshot {
    if (this.#set !== null) return new FlatSnapshot(this.#set);
    throw new StoreError('NOT_SEALED', 'the vector is still being filled: seal it first');
  }
}

function duplicate(run: KeyRun, at: number): StoreError {
  const { hint, id } = keyAt(run, at);
  return new StoreError(
    'DUPLICATE_KEY',
    `the key (${hint}, ${bytesToHex(id)}) was inserted twice: fill a new vector with each key once`,
  );
}
