import { loggedSpan, openDatabase, Replica, type ReplicaInit } from '../../store/index.ts';
import type { Config } from '../config/index.ts';
import {
  DiskReserve,
  databaseCare,
  databasePath,
  dataDirError,
  makeDataDir,
  witnessPath,
} from '../files/index.ts';
import { indexOptions, replicaLimits } from './config-options.ts';
import type { DaemonInit } from './init.ts';

const RESERVE_SPARE_BYTES = 1024 * 1024;

/** Opens the set in the data directory; rejects with `DaemonError`. */
export async function openReplica(
  init: DaemonInit,
  heard: Pick<ReplicaInit, 'bulk' | 'onWritten' | 'onIncident'>,
): Promise<{ replica: Replica; close(): Promise<void> }> {
  const { config, system } = init;
  const { clock, random } = system;
  const directory = config.node.dataDir;
  const logger = init.logger.child({ component: 'store' });
  await makeDataDir(directory, logger);
  const disk = system.disk(directory);
  const reserve = new DiskReserve({
    directory,
    disk,
    clock,
    random,
    logger,
    bytes: reserveBytes(config),
  });
  await reserve.makeRoom();
  const path = databasePath(directory);
  const witness = system.witness(witnessPath(directory));
  try {
    const replica = await Replica.open({
      open: () => openDatabase(path),
      care: databaseCare(directory),
      signal: init.signal,
      clock,
      disk,
      limits: replicaLimits(config),
      index: indexOptions(config),
      scrub: config.scrub,
      random,
      witness,
      ...heard,
      logger,
    });
    reserve.start();
    const close = async () => {
      await reserve.stop();
      await replica.close().finally(() => witness.close());
    };
    return { replica, close };
  } catch (error) {
    witness.close();
    throw dataDirError(error, directory);
  }
}

/** The log of LevelDB becomes a table when it is opened; the longest item may have come last. */
function reserveBytes({ limits }: Config): number {
  return loggedSpan(limits.maxItemBytes) + RESERVE_SPARE_BYTES;
}
