import type { AbstractSnapshot } from 'abstract-level';
import { bytesToHex } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import {
  type Database,
  RecordError,
  type RecordOptions,
  readSync,
  viewsOf,
} from '../../level/index.ts';
import type { Inner, TreeNode } from '../node.ts';
import type { EndSum, NodeReader } from '../node-store.ts';
import type { ByteCache } from './cache.ts';
import { CachedSums } from './child-sums.ts';
import { decodeNode, decodeSummary, nodeBytes } from './codec.ts';
import type { TreeKeys } from './keys.ts';

/** What all readers of one tree share. */
export interface LevelTreeFiles {
  readonly database: Database;
  readonly name: string;
  readonly keys: TreeKeys;
  readonly scheme: FingerprintScheme;
  /** See `cacheKeys`. */
  readonly cache: ByteCache<CachedPart>;
  /** See `NodeReader.onDamage`. */
  readonly onDamage?: NodeReader<number>['onDamage'];
}

/** What the cache holds of a node. */
export type CachedPart = TreeNode<number> | Uint8Array | CachedSums | EndSum | typeof ASKED;

/** Stands for sums that were asked for once: they are worth their making when they are asked for again. */
const ASKED = 'asked';
const ASKED_BYTES = 100;

/** Keys in the cache; numbers of nodes are never used again. */
export const cacheKeys = {
  node: (ref: number): number => 3 * ref,
  summary: (ref: number): number => 3 * ref + 1,
  /** Of an inner node its `CachedSums`, of a leaf its `EndSum`. */
  sums: (ref: number): number => 3 * ref + 2,
};

/** Damage, and I/O errors, which may be damage. */
const SUSPICIOUS: readonly string[] = ['STORE_CORRUPT', 'STORE_UNAVAILABLE'];

/** The nodes of a tree as they lie in LevelDB, by number, as of a snapshot or as of now. */
export class LevelNodeReader implements NodeReader<number> {
  readonly #files: LevelTreeFiles;
  readonly #options: RecordOptions;

  constructor(files: LevelTreeFiles, snapshot?: AbstractSnapshot) {
    this.#files = files;
    this.#options = viewsOf(snapshot);
  }

  get onDamage(): NodeReader<number>['onDamage'] {
    return this.#files.onDamage;
  }

  node(ref: number): TreeNode<number> {
    const key = cacheKeys.node(ref);
    const cached = this.#files.cache.get(key);
    if (cached !== undefined) return cached as TreeNode<number>;
    const node = this.#read(this.#files.keys.node(ref), decodeNode);
    this.#files.cache.set(key, node, nodeBytes(node));
    return node;
  }

  summary(ref: number): Uint8Array {
    const { cache, keys, scheme } = this.#files;
    const key = cacheKeys.summary(ref);
    const cached = cache.get(key);
    if (cached !== undefined) return cached as Uint8Array;
    const state = this.#read(keys.summary(ref), (record) =>
      decodeSummary(record, scheme.stateBytes),
    );
    cache.set(key, state, summaryBytes(state));
    return state;
  }

  childSums(ref: number, inner: Inner<number>): CachedSums | null {
    const { cache, scheme } = this.#files;
    const key = cacheKeys.sums(ref);
    const cached = cache.get(key);
    if (cached instanceof CachedSums) return cached;
    if (cached === undefined) {
      cache.set(key, ASKED, ASKED_BYTES);
      return null;
    }
    const summaries = inner.children.map((child) => this.summary(child));
    const sums = CachedSums.of(scheme, summaries);
    // Only a write asks for the summaries now, and not for most of them.
    for (const child of inner.children) cache.makeSpare(cacheKeys.summary(child));
    cache.set(key, sums, sums.bytes);
    return sums;
  }

  endSum(ref: number): EndSum | undefined {
    return this.#files.cache.get(cacheKeys.sums(ref)) as EndSum | undefined;
  }

  keepEndSum(ref: number, sum: EndSum): void {
    this.#files.cache.setSpare(cacheKeys.sums(ref), sum, summaryBytes(sum.state));
  }

  #read<Value>(key: Uint8Array, decode: (record: Uint8Array) => Value): Value {
    try {
      const value = findRecord(this.#files, key, this.#options, decode);
      if (value === undefined) throw corrupt(this.#files.name, key, 'is missing');
      return value;
    } catch (error) {
      if (error instanceof StoreError && SUSPICIOUS.includes(error.code)) this.onDamage?.(error);
      throw error;
    }
  }
}

/** Bytes that a summary takes in memory, roughly. */
export function summaryBytes(state: Uint8Array): number {
  return 300 + state.length;
}

/** The record under `key`, decoded; undefined when it is missing. Throws `STORE_CORRUPT` when it is not whole. */
export function findRecord<Value>(
  { database, name }: Pick<LevelTreeFiles, 'database' | 'name'>,
  key: Uint8Array,
  options: RecordOptions,
  decode: (record: Uint8Array) => Value,
): Value | undefined {
  const record = readSync(database, key, options);
  if (record === undefined) return undefined;
  try {
    return decode(record);
  } catch (error) {
    if (error instanceof RecordError) throw corrupt(name, key, error.message, error);
    throw error;
  }
}

export function corrupt(
  name: string,
  key: Uint8Array,
  problem: string,
  cause?: unknown,
): StoreError {
  return new StoreError(
    'STORE_CORRUPT',
    `the tree '${name}' is damaged: the record ${bytesToHex(key)} ${problem}; build the tree again from the items`,
    cause === undefined ? {} : { cause },
  );
}
