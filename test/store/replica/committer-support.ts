import type { TestContext } from 'node:test';
import {
  type Database,
  type FingerprintScheme,
  type Item,
  itemId,
} from '../../../src/store/index.ts';
import { Committer } from '../../../src/store/replica/commit/index.ts';
import type { SetShape } from '../../../src/store/replica/durable-set/testing.ts';
import { type SetKeys, setKeys } from '../../../src/store/replica/records/index.ts';
import { Incidents } from '../../../src/store/replica/testing.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { wideSum } from '../../support/wide-sum.ts';

export interface Kept {
  readonly committer: Committer;
  readonly keys: SetKeys;
  readonly database: Database;
  readonly clock: VirtualClock;
}

export interface KeptInit {
  clock?: VirtualClock;
  database?: Database;
  /** Opens the database again after a write that failed. @default it is there at once */
  reopen?: () => Promise<Database>;
  scheme?: FingerprintScheme;
  shape?: Partial<SetShape>;
}

/** A committer over a database in memory, with small nodes, closed after the test. */
export async function openCommitter(t: TestContext, init: KeptInit = {}): Promise<Kept> {
  const { clock = new VirtualClock(), database = memoryDatabase(), scheme = wideSum } = init;
  await database.open();
  const keys = setKeys('set');
  let opened = false;
  const open = async (): Promise<Database> => {
    if (opened && init.reopen !== undefined) return init.reopen();
    opened = true;
    return database;
  };
  const committer = new Committer({
    open,
    keys,
    scheme,
    clock,
    disk: new FakeDisk(),
    shape: {
      leafItems: 4,
      fanout: 4,
      cacheBytes: 1_000_000,
      maxSnapshotAgeMs: 600_000,
      ...init.shape,
    },
    incidents: new Incidents(clock, undefined),
    witness: undefined,
  });
  await startAlone(committer);
  t.after(() => committer.close());
  return { committer, keys, database, clock };
}

/** Starts a committer beside which nothing is to be kept in step. */
export async function startAlone(committer: Committer): Promise<void> {
  await committer.lifecycle.start(async () => undefined);
}

export function numberedItem(number: number): Item {
  const payload = new Uint8Array(0);
  return { hint: BigInt(number), id: itemId(BigInt(number), payload), payload };
}

export function numberedItems(from: number, count: number): Item[] {
  return Array.from({ length: count }, (_, i) => numberedItem(from + i));
}

/** Puts items into the set, in one commit. */
export async function add(committer: Committer, items: readonly Item[]): Promise<void> {
  await committer.commit((set) => set.add(items, []));
}
