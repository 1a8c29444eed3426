import { createHash } from 'node:crypto';
import { removeFolder } from '../../scripts/support/folders.ts';
import type { Role } from '../../src/protocol/index.ts';
import {
  bytesToHex,
  type Database,
  type FingerprintScheme,
  type ItemKey,
  LevelTree,
  MemoryTree,
  openDatabase,
  type Snapshot,
} from '../../src/store/index.ts';
import { benchFolder } from '../support/child.ts';

/**
 * Where differences lie: evenly spread, in the latest items, or everywhere, one side being empty. `behind`: evenly
 * spread, and the initiator wrote all of them last.
 */
export type Spread = 'scattered' | 'all-recent' | 'empty' | 'behind';
export type StorageName = 'memory' | 'level';

/** Seconds since the epoch are all that nostr-tools can take: some of the items share theirs. */
const FIRST_SECOND = 1_700_000_000;
const ITEMS_PER_SECOND = 4;
/** Leaves and summaries that LevelDB's reader keeps: all there are. */
const CACHE_BYTES = 1 << 30;
const BATCH = 10_000;

interface Base {
  insert(keys: readonly ItemKey[]): unknown;
  remove(ids: readonly Uint8Array[]): unknown;
  snapshot(): Snapshot;
}

/** All items of both sides; two sides are made of it by leaving items out. */
export class Union {
  readonly n: number;
  readonly storage: StorageName;
  readonly keys: readonly ItemKey[];
  readonly #bases = new Map<string, Promise<Base>>();
  #directory: string | undefined;
  #database: Database | undefined;

  constructor(n: number, storage: StorageName) {
    if (!Number.isInteger(n) || n < 1) throw new Error(`--n is a whole number, not ${n}`);
    this.n = n;
    this.storage = storage;
    this.keys = Array.from({ length: n }, (_, i) => ({
      hint: BigInt(FIRST_SECOND + Math.floor(i / ITEMS_PER_SECOND)),
      id: createHash('sha256').update(`item ${i}`).digest().subarray(0, 32),
    }));
  }

  /** Two sides that differ in `d` items, half of them each; or an empty one and one that has all. */
  pair(d: number, spread: Spread): Pair {
    if (spread === 'empty') return new Pair([], this.keys);
    if (!Number.isInteger(d) || d < 0 || d > this.n) throw new Error(`--d is at most n, not ${d}`);
    const onlyA: ItemKey[] = [];
    const onlyB: ItemKey[] = [];
    for (let i = 0; i < d; i++) {
      const at = spread === 'all-recent' ? this.n - 1 - i : Math.floor(((i + 0.5) * this.n) / d);
      (i % 2 === 0 || spread === 'behind' ? onlyA : onlyB).push(this.keys[at]!);
    }
    return new Pair(onlyA, onlyB, spread === 'behind');
  }

  /** Snapshots of both sides under a scheme, their sums known. */
  async snapshots(scheme: FingerprintScheme, { onlyA, onlyB }: Pair): Promise<Snapshot[]> {
    let base = this.#bases.get(scheme.name);
    if (base === undefined) {
      base = this.#build(scheme);
      this.#bases.set(scheme.name, base);
    }
    const tree = await base;
    return [await without(tree, onlyB), await without(tree, onlyA)];
  }

  async close(): Promise<void> {
    await this.#database?.close();
    if (this.#directory !== undefined) await removeFolder(this.#directory);
  }

  async #build(scheme: FingerprintScheme): Promise<Base> {
    const sorted = [...this.keys].sort((x, y) =>
      x.hint === y.hint ? Buffer.compare(x.id, y.id) : x.hint < y.hint ? -1 : 1,
    );
    if (this.storage === 'memory') return MemoryTree.fromSorted({ scheme }, sorted);
    this.#directory ??= benchFolder();
    this.#database ??= await openDatabase(this.#directory);
    const tree = await LevelTree.open({
      database: this.#database,
      name: scheme.name,
      scheme,
      clock: { now: Date.now, monotonic: () => performance.now(), after: () => () => {} },
      cacheBytes: CACHE_BYTES,
    });
    for (let at = 0; at < sorted.length; at += BATCH)
      await tree.insert(sorted.slice(at, at + BATCH));
    return tree;
  }
}

async function without(base: Base, keys: readonly ItemKey[]): Promise<Snapshot> {
  await base.remove(keys.map(({ id }) => id));
  const snapshot = base.snapshot();
  await base.insert(keys);
  return snapshot;
}

/** What each of two sides holds alone. */
export class Pair {
  readonly onlyA: readonly ItemKey[];
  readonly onlyB: readonly ItemKey[];

  /** Side A knows that it wrote these last. */
  readonly behind: boolean;

  constructor(onlyA: readonly ItemKey[], onlyB: readonly ItemKey[], behind = false) {
    this.onlyA = onlyA;
    this.onlyB = onlyB;
    this.behind = behind;
  }

  /** Whether the initiator, which is side A, and the responder learnt what they lack, and no more. */
  isExact(missing: Record<Role, Uint8Array[]>): boolean {
    return sameIds(missing.initiator, this.onlyB) && sameIds(missing.responder, this.onlyA);
  }
}

function sameIds(ids: readonly Uint8Array[], keys: readonly ItemKey[]): boolean {
  const expected = keys.map(({ id }) => bytesToHex(id)).sort();
  return ids.map(bytesToHex).sort().join() === expected.join();
}
