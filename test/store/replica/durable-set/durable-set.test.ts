import assert from 'node:assert/strict';
import {
  bytesToHex,
  checkKey,
  type FingerprintScheme,
  type ItemKey,
  type Snapshot,
  verifyReplica,
} from '../../../../src/store/index.ts';
import { type Database, readSync } from '../../../../src/store/level/index.ts';
import { Committer } from '../../../../src/store/replica/commit/index.ts';
import type { DurableSet } from '../../../../src/store/replica/durable-set/index.ts';
import { decodeHead, setKeys } from '../../../../src/store/replica/records/index.ts';
import { Incidents } from '../../../../src/store/replica/testing.ts';
import { storageConformance } from '../../../conformance/storage.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { belowOutside, openLevel } from '../../tree/support.ts';
import { startAlone } from '../committer-support.ts';

interface Sizes {
  leafItems: number;
  fanout: number;
  /** Work merged after each write, which goes on where the last one stopped. */
  slice: number;
}

const clock = new VirtualClock();

/** The set a replica keeps, without payloads; merged a little, opened anew and verified as it goes. */
class KeptStorage {
  readonly scheme: FingerprintScheme;
  readonly #database: Database;
  readonly #name: string;
  readonly #sizes: Sizes;
  #committer!: Committer;
  #writes = 0;

  constructor(database: Database, name: string, scheme: FingerprintScheme, sizes: Sizes) {
    this.#database = database;
    this.#name = name;
    this.scheme = scheme;
    this.#sizes = sizes;
  }

  get size(): number {
    return this.#committer.lifecycle.state.items;
  }

  async open(): Promise<this> {
    const shape = { ...this.#sizes, cacheBytes: 20_000, maxSnapshotAgeMs: 600_000 };
    this.#committer = new Committer({
      open: async () => this.#database,
      keys: setKeys(this.#name),
      scheme: this.scheme,
      clock,
      disk: new FakeDisk(),
      shape,
      incidents: new Incidents(clock, undefined),
      witness: undefined,
    });
    await startAlone(this.#committer);
    return this;
  }

  async insert(keys: readonly ItemKey[]): Promise<ItemKey[]> {
    for (const key of keys) checkKey(key);
    const seen = new Set<string>();
    const added = keys.filter(({ id }) => {
      const name = bytesToHex(id);
      if (this.contains(id) || seen.has(name)) return false;
      seen.add(name);
      return true;
    });
    const payload = new Uint8Array(0);
    const items = added.map((key) => ({ ...key, payload }));
    await this.#committer.commit((set) => (items.length === 0 ? null : set.add(items, [])));
    await this.#after();
    return added.sort((a, b) => Number(a.hint - b.hint) || compare(a.id, b.id));
  }

  async remove(ids: readonly Uint8Array[]): Promise<number> {
    let count = 0;
    const keys = setKeys(this.#name);
    for (const id of ids) {
      const record = this.#record(id);
      if (record === undefined) continue;
      const key = { hint: decodeHead(record).hint, id };
      await this.#committer.commit((set) =>
        set.remove(key, 0, (sink) => {
          sink.del(keys.id(id));
          sink.del(keys.item(key));
        }),
      );
      count++;
    }
    await this.#after();
    return count;
  }

  contains(id: Uint8Array): boolean {
    return this.#record(id) !== undefined;
  }

  #record(id: Uint8Array): Uint8Array | undefined {
    return readSync(this.#committer.lifecycle.database, setKeys(this.#name).id(id));
  }

  snapshot(): Snapshot {
    return this.#committer.lifecycle.use().snapshot();
  }

  async #after(): Promise<void> {
    this.#writes++;
    const { slice } = this.#sizes;
    if (slice > 0) {
      this.#committer.lifecycle.use().startSweep();
      await this.#committer.commit((set: DurableSet) => set.merge(slice));
    }
    const { problems } = await verifyReplica({
      database: this.#database,
      name: this.#name,
      scheme: this.scheme,
      clock,
    });
    // The ids of this suite are no hashes, and leave without quarantine.
    const real = problems.filter(({ code }) => code !== 'ITEM_DAMAGED' && code !== 'ARRIVALS');
    assert.deepEqual(real, []);
    // Snapshots outlive it: what was opened before is left to itself.
    if (this.#writes % 5 === 0) await this.open();
  }
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return bytesToHex(a) < bytesToHex(b) ? -1 : 1;
}

const database = openLevel();
let sets = 0;

const shapes: Sizes[] = [
  { leafItems: 2, fanout: 2, slice: 0 },
  { leafItems: 2, fanout: 2, slice: 3 },
  { leafItems: 3, fanout: 3, slice: 1_000 },
  { leafItems: 128, fanout: 64, slice: 10 },
];

for (const sizes of shapes) {
  storageConformance(
    `set in LevelDB, leaves of ${sizes.leafItems}, merging ${sizes.slice} at a time`,
    async ({ scheme }) => new KeptStorage(await database(), `set-${sets++}`, scheme, sizes).open(),
    { runs: 6, items: 30 },
  );
}

storageConformance(
  'sub-range of a set in LevelDB',
  async ({ scheme }) => {
    const storage = new KeptStorage(await database(), `set-${sets++}`, scheme, shapes[1]!);
    return belowOutside(await storage.open());
  },
  { runs: 6, items: 30 },
);
