import { steadyPace } from '../alarm.ts';
import { checkClock, checkInit, checkPort } from '../checks.ts';
import { checkScheme, lthash } from '../fingerprint/index.ts';
import { Committer, Merger, SlicePace } from './commit/index.ts';
import { Incidents } from './incidents.ts';
import { DEFAULT_INDEX, DEFAULT_LIMITS, DEFAULT_SCRUB, type ReplicaLimits } from './options.ts';
import { Quarantine } from './quarantine/index.ts';
import { ArrivalReader, IdLookup, ItemReader, RangeReader } from './read/index.ts';
import { setKeys } from './records/index.ts';
import { RefusalStore } from './refusals/index.ts';
import { SetRetention } from './retention/index.ts';
import { Scrubber } from './scrub/index.ts';
import { SetChanges } from './set-changes.ts';
import type { ReplicaInit } from './types.ts';
import { type VerifyOptions, type VerifyResult, verifyReplica } from './verify/index.ts';
import { Puts, SetWriter } from './write/index.ts';

/** Of a commit of peers' items; see `SlicePaceInit`. */
const ITEM_MS = { firstUnitMs: 0.008, leastUnitMs: 0.002, leastWork: 128 };

/** What a replica is made of. */
export interface ReplicaParts {
  readonly incidents: Incidents;
  readonly changes: SetChanges;
  readonly quarantine: Quarantine;
  readonly refusals: RefusalStore;
  readonly committer: Committer;
  readonly lifecycle: Committer['lifecycle'];
  readonly lookup: IdLookup;
  readonly merger: Merger;
  readonly writer: SetWriter;
  readonly puts: Puts;
  readonly reader: ItemReader;
  readonly arrivals: ArrivalReader;
  readonly ranges: RangeReader;
  readonly scrubber: Scrubber;
  readonly retention: SetRetention;
  /** Parts read them when they need them: a change counts at once. */
  readonly limits: ReplicaLimits;
  readonly verify: (options: VerifyOptions) => Promise<VerifyResult>;
}

/** Throws `INVALID_INIT`, unless the replica has options, a clock and a disk. */
export function checkReplicaInit(init: ReplicaInit): void {
  checkInit('a replica', init);
  checkClock(init.clock);
  checkPort('disk', init.disk, ['freeBytes']);
}

export function partsOf(init: ReplicaInit): ReplicaParts {
  const { clock, disk, logger, random, care, scheme = lthash } = init;
  const { bulk = steadyPace(clock) } = init;
  checkScheme(scheme);
  const shape = { ...DEFAULT_INDEX, ...init.index };
  const limits = { ...DEFAULT_LIMITS, ...init.limits };
  const keys = setKeys(init.name ?? 'set');
  const incidents = new Incidents(clock, logger, init.onIncident);
  const changes = new SetChanges(logger);
  const quarantine = new Quarantine({ keys, clock });
  const onEpoch = (): void => changes.arrived(committer.lifecycle.state);
  const committer = new Committer({ ...init, keys, scheme, shape, incidents, onEpoch });
  const { lifecycle } = committer;
  const lookup = new IdLookup({ keys, lifecycle });
  const merger = new Merger({ committer, clock, bulk, bufferItems: shape.bufferItems });
  const refusals = new RefusalStore({
    ...{ keys, clock, committer, changes },
    written: (ids) => puts.written(ids),
  });
  const pace = new SlicePace({ bulk, ...ITEM_MS });
  const writer = new SetWriter({
    ...{ keys, committer, lookup, quarantine },
    ...{ refusals, merger, changes, pace },
  });
  const puts = new Puts({
    ...{ clock, disk, logger, limits, lifecycle, lookup },
    refuses: (id) => refusals.has(id),
    write: (items, sources) => writer.write(items, sources),
    peerItems: () => pace.work,
    bulk: init.bulk,
  });
  const found = { keys, committer, lifecycle, incidents };
  const reader = new ItemReader({
    ...found,
    quarantine,
    changes,
    record: (id) => (puts.pending(id) ? undefined : lookup.record(id)),
  });
  const arrivals = new ArrivalReader({ keys, committer, lookup, refusals });
  const ranges = new RangeReader({ keys, lifecycle, lookup });
  const scrubber = new Scrubber({
    ...found,
    scheme,
    clock,
    random,
    care,
    options: { ...DEFAULT_SCRUB, ...init.scrub },
    inspect: (key) => reader.inspect(key),
  });
  const retention = new SetRetention({
    ...{ keys, committer, quarantine, refusals },
    ...{ changes, clock, bulk },
  });
  const verify = (options: VerifyOptions): Promise<VerifyResult> =>
    verifyReplica({
      ...options,
      database: lifecycle.database,
      care,
      name: keys.name,
      ...{ scheme, clock, bulk },
    });
  const kept = { incidents, changes, quarantine, refusals, committer, lifecycle, lookup, merger };
  return { ...kept, writer, puts, reader, arrivals, ranges, scrubber, retention, limits, verify };
}
