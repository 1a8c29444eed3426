import type { AbstractBatchOptions, AbstractSnapshot } from 'abstract-level';
import { bytesToKey, readU64LE, writeU64LE } from '../../bytes.ts';
import { checkInit, checkList, checkPort } from '../../checks.ts';
import { StoreError } from '../../errors.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import { checkId, checkKey, compareKeys, type ItemKey } from '../../item.ts';
import {
  type BatchOperation,
  claim,
  type Database,
  type RecordOptions,
  readSync,
  VIEWS,
  viewsOf,
} from '../../level/index.ts';
import type { TreeSnapshot } from '../snapshot.ts';
import { DurableTree, type DurableTreeInit, type TreeWrite } from './durable-tree.ts';
import { type TreeKeys, treeKeys } from './keys.ts';
import { corrupt } from './reader.ts';

/** Where a `LevelTree` lies, and its shape. */
export type LevelTreeInit = Omit<DurableTreeInit, 'contains'>;

/**
 * An item set in LevelDB, by name, beside any others in the same database: a tree of fingerprints and
 * a record for each id. A write is on disk when its promise resolves, and not visible before. Writes are
 * carried out in the order of the calls.
 */
export class LevelTree {
  readonly #database: Database;
  readonly #name: string;
  readonly #keys: TreeKeys;
  readonly #tree: DurableTree;
  readonly #unclaim: () => void;
  #last: Promise<unknown> = Promise.resolve();
  /** Why no more writes are taken. */
  #refusal: StoreError | null = null;
  /** Why those already taken are not carried out either. */
  #failure: StoreError | null = null;

  private constructor(init: LevelTreeInit) {
    this.#database = init.database;
    this.#name = init.name;
    this.#keys = treeKeys(init.name);
    const contains = (id: Uint8Array, snapshot: AbstractSnapshot): boolean =>
      this.#hintOf(id, viewsOf(snapshot)) !== undefined;
    this.#unclaim = claim(init.database, init.name);
    try {
      this.#tree = DurableTree.open({ ...init, contains });
    } catch (error) {
      this.#unclaim();
      throw error;
    }
  }

  /**
   * Opens, or begins, the set of a name. Rejects like `DurableTree.open`, and with `STORE_IN_USE` while
   * the set of that name is open in the database.
   */
  static async open(init: LevelTreeInit): Promise<LevelTree> {
    checkInit('a LevelTree', init);
    checkPort('database', init.database, ['open', 'batch']);
    await init.database.open();
    return new LevelTree(init);
  }

  get scheme(): FingerprintScheme {
    return this.#tree.scheme;
  }

  get size(): number {
    return this.#tree.size;
  }

  /** Adds keys in any order; resolves to those that were new, each once, in key order. */
  async insert(keys: readonly ItemKey[]): Promise<ItemKey[]> {
    checkList(keys, 'keys');
    const copies = keys.map((key) => {
      checkKey(key);
      return { hint: key.hint, id: key.id.slice() };
    });
    return this.#inTurn(async () => {
      const added = this.#newOf(copies);
      await this.#write(
        { insert: added },
        added.map(({ hint, id }) => this.#idRecord(id, hint)),
      );
      return added;
    });
  }

  /** Removes ids; resolves to how many were there. */
  async remove(ids: readonly Uint8Array[]): Promise<number> {
    checkList(ids, 'ids');
    const copies = ids.map((id) => {
      checkId(id);
      return id.slice();
    });
    return this.#inTurn(async () => {
      const removed = this.#heldOf(copies);
      const records = removed.map(({ id }) => ({ type: 'del', key: this.#keys.id(id) }) as const);
      await this.#write({ remove: removed }, records);
      return removed.length;
    });
  }

  contains(id: Uint8Array): boolean {
    checkId(id);
    return this.#hintOf(id, VIEWS) !== undefined;
  }

  /** The set as it is now, unchanged by later writes, for as long as `maxSnapshotAgeMs`. */
  snapshot(): TreeSnapshot<number> {
    return this.#tree.snapshot();
  }

  /** See `DurableTree.audit`. */
  audit(options: { fill?: boolean } = {}): AsyncGenerator<void, void> {
    return this.#tree.audit(options);
  }

  /** Finishes the calls so far and refuses later ones. The database stays open. Idempotent. */
  async close(): Promise<void> {
    this.#refusal ??= new StoreError('STORE_CLOSED', `the tree '${this.#name}' was closed`);
    await this.#last;
    this.#tree.close();
    this.#unclaim();
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#refusal !== null) return Promise.reject(this.#refusal);
    const result = this.#last.then(() => {
      if (this.#failure !== null) throw this.#failure;
      return work();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #write(change: TreeWrite, records: readonly BatchOperation[]): Promise<void> {
    if (records.length === 0) return;
    const prepared = this.#tree.prepare(change);
    const options: SyncedBatchOptions = { sync: true };
    try {
      await this.#database.batch([...prepared.operations, ...records], options);
    } catch (cause) {
      prepared.discard();
      throw this.#fail(cause);
    }
    prepared.commit();
  }

  /** A failed write may be on disk or not, so no further write may build on it. */
  #fail(cause: unknown): StoreError {
    this.#failure = new StoreError(
      'STORE_WRITE_FAILED',
      `a write to the tree '${this.#name}' failed, it may or may not be on disk: close the database, open it again and see`,
      { cause },
    );
    this.#refusal = this.#failure;
    return this.#failure;
  }

  #newOf(keys: readonly ItemKey[]): ItemKey[] {
    const seen = new Set<string>();
    const added = keys.filter(({ id }) => {
      const key = bytesToKey(id);
      if (seen.has(key) || this.contains(id)) return false;
      seen.add(key);
      return true;
    });
    return added.sort(compareKeys);
  }

  #heldOf(ids: readonly Uint8Array[]): ItemKey[] {
    const held = new Map<string, ItemKey>();
    for (const id of ids) {
      const hint = this.#hintOf(id, VIEWS);
      if (hint !== undefined) held.set(bytesToKey(id), { hint, id });
    }
    return [...held.values()].sort(compareKeys);
  }

  #hintOf(id: Uint8Array, options: RecordOptions): bigint | undefined {
    const key = this.#keys.id(id);
    const record = readSync(this.#database, key, options);
    if (record === undefined) return undefined;
    if (record.length !== 8) throw corrupt(this.#name, key, 'is no hint of 8 bytes');
    return readU64LE(record, 0);
  }

  #idRecord(id: Uint8Array, hint: bigint): BatchOperation {
    const value = new Uint8Array(8);
    writeU64LE(value, 0, hint);
    return { type: 'put', key: this.#keys.id(id), value };
  }
}

/** LevelDB's own option, which abstract-level does not know. */
interface SyncedBatchOptions extends AbstractBatchOptions<Uint8Array, Uint8Array> {
  readonly sync: true;
}
