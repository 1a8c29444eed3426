import { openDatabase, Replica } from '../../store/index.ts';
import {
  databaseCare,
  databasePath,
  dataDirError,
  makeDataDir,
  witnessPath,
} from '../files/index.ts';
import { indexOptions, replicaLimits } from './config-options.ts';
import type { DaemonInit } from './init.ts';

/** Opens the set in the data directory; rejects with `DaemonError`. */
export async function openReplica(
  init: DaemonInit,
): Promise<{ replica: Replica; close(): Promise<void> }> {
  const { config, system } = init;
  const directory = config.node.dataDir;
  const logger = init.logger.child({ component: 'store' });
  await makeDataDir(directory, logger);
  const path = databasePath(directory);
  const witness = system.witness(witnessPath(directory));
  try {
    const replica = await Replica.open({
      open: () => openDatabase(path),
      care: databaseCare(directory),
      signal: init.signal,
      clock: system.clock,
      disk: system.disk(directory),
      limits: replicaLimits(config),
      index: indexOptions(config),
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
