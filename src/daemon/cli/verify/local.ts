import { existsSync } from 'node:fs';
import {
  type Clock,
  isReadFailure,
  lthash,
  openDatabase,
  StoreError,
  type VerifyProgress,
  type VerifyResult,
  verifyReplica,
  type Witness,
} from '../../../store/index.ts';
import { DaemonError } from '../../errors.ts';
import { databaseCare, databasePath, dataDirError, witnessPath } from '../../files/index.ts';

export interface VerifyLocalInit {
  dataDir: string;
  clock: Clock;
  witness: (path: string) => Pick<Witness, 'read'>;
  progress: (progress: VerifyProgress) => void;
  /** New files are for their owner alone from now on. */
  keepFilesPrivate: () => void;
}

/** Verifies the set in a data directory; null when a daemon has it open. */
export async function verifyLocal(init: VerifyLocalInit): Promise<VerifyResult | null> {
  const { dataDir, clock, progress } = init;
  const witness = init.witness(witnessPath(dataDir));
  checkPresent(dataDir);
  // LevelDB writes new files at each opening.
  init.keepFilesPrivate();
  try {
    const damage = await databaseCare(dataDir).closedDamage();
    if (damage !== null) throw damaged(damage, dataDir);
    const database = await openDatabase(databasePath(dataDir));
    try {
      return await verifyReplica({ database, clock, scheme: lthash, progress, witness });
    } finally {
      await database.close();
    }
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_LOCKED') return null;
    throw unreadable(dataDirError(error, dataDir), dataDir);
  }
}

/** LevelDB would make a database where there is none. */
function checkPresent(dataDir: string): void {
  const path = databasePath(dataDir);
  if (existsSync(path)) return;
  const advice = 'say which directory is meant with --data-dir or --config, or --url';
  const message = `there is no database at ${path}: ${advice}`;
  throw new DaemonError('NO_DATABASE', message);
}

/** LevelDB may end the process at such damage, so it is not opened. */
function damaged(damage: string, dataDir: string): DaemonError {
  return new DaemonError(
    'DATA_DAMAGED',
    `the database in ${dataDir} is damaged (${damage}): start the daemon on it, which repairs it and has its peers refill what is lost, or restore it from a copy`,
  );
}

function unreadable(error: unknown, dataDir: string): unknown {
  if (!isReadFailure(error)) return error;
  return new DaemonError(
    'DATA_DAMAGED',
    `the database in ${dataDir} cannot be read to its end (${(error as Error).message}): restore it from a copy, or start with an empty directory and let the peers refill it`,
    { cause: error },
  );
}
