import type { TestContext } from 'node:test';
import { Pruner } from '../../../src/daemon/retention/index.ts';
import {
  DEFAULT_RETENTION_OPTIONS,
  type RetentionOptions,
} from '../../../src/daemon/retention/options.ts';
import { type Database, Replica } from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { Log } from '../mesh/log.ts';

export const YEAR: number = 365 * 86_400_000;
export const LOOK = 10_000;
export const GRACE = 60_000;

/** A wall clock that can be set; timers and monotonic time go on as they are. */
export class SetClock extends VirtualClock {
  offset = 0;

  override now(): number {
    return super.now() + this.offset;
  }

  override monotonic(): number {
    return super.now();
  }
}

export interface SetUpInit {
  database?: Database;
  areTimes?: boolean;
  clock?: SetClock;
}

/** A set with a pruner that has not begun. */
export interface PrunedSet {
  readonly clock: SetClock;
  readonly replica: Replica;
  readonly pruner: Pruner;
  /** Codes, in order. */
  readonly incidents: string[];
  readonly log: Log;
  /** Items with these hints, of as many bytes. */
  readonly put: (hints: readonly number[], bytes?: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function setUp(
  t: TestContext,
  options: Partial<RetentionOptions>,
  { database = memoryDatabase(), areTimes = false, clock = new SetClock() }: SetUpInit = {},
): Promise<PrunedSet> {
  const replica = await Replica.open({ database, clock, disk: new FakeDisk() });
  const incidents: string[] = [];
  const log = new Log('debug', clock);
  const pruner = new Pruner({
    replica,
    clock,
    logger: log.logger,
    incident: ({ code }) => incidents.push(code),
    areTimes: () => areTimes,
    options: { ...DEFAULT_RETENTION_OPTIONS, ...options },
  });
  const close = async () => {
    await pruner.stop();
    await replica.close();
  };
  cleanUp(t, close);
  const put = async (hints: readonly number[], bytes = 10) => {
    await replica.put(
      hints.map((hint) => ({ hint: BigInt(hint), payload: new Uint8Array(bytes).fill(hint) })),
    );
  };
  return { clock, replica, pruner, incidents, log, put, close };
}
