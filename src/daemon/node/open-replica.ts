import { openDatabase, Replica, repairDatabase } from '../../store/index.ts';
import type { Config } from '../config/index.ts';
import { databasePath, dataDirError, makeDataDir, witnessPath } from '../files/index.ts';
import type { DaemonInit } from './init.ts';

/** Snapshots live at least so long; sessions that may take longer make it longer. */
const MIN_SNAPSHOT_AGE_MS = 600_000;

export interface OpenedReplica {
  readonly replica: Replica;
  close(): Promise<void>;
}

/** Opens the set in the data directory; rejects with `DaemonError`. */
export async function openReplica({
  config,
  system,
  logger: root,
}: DaemonInit): Promise<OpenedReplica> {
  const directory = config.node.dataDir;
  const logger = root.child({ component: 'store' });
  await makeDataDir(directory);
  const witness = system.witness(witnessPath(directory));
  try {
    const replica = await Replica.open({
      open: () => openDatabase(databasePath(directory)),
      repair: () => repairDatabase(databasePath(directory)),
      clock: system.clock,
      disk: system.disk(directory),
      limits: limitsOf(config),
      index: indexOf(config),
      scrub: config.scrub,
      random: system.random,
      witness,
      logger,
    });
    return { replica, close: () => replica.close().finally(() => witness.close()) };
  } catch (error) {
    witness.close();
    throw dataDirError(error, directory);
  }
}

function limitsOf({ limits }: Config) {
  const { maxItemBytes, maxSetBytes, minFreeBytes } = limits;
  return {
    maxItemBytes,
    maxSetBytes: maxSetBytes === 0 ? Number.POSITIVE_INFINITY : maxSetBytes,
    minFreeBytes,
  };
}

function indexOf({ store, sync }: Config) {
  return { ...store, maxSnapshotAgeMs: Math.max(MIN_SNAPSHOT_AGE_MS, sync.sessionTimeoutMs) };
}
