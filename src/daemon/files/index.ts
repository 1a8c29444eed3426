/** Files of the daemon: its directory, files that survive a crash, and files for their owner alone. */

export { databasePath, dataDirError, makeDataDir, makePrivate, witnessPath } from './data-dir.ts';
export { databaseCare, databaseFiles } from './database-files.ts';
export { codeOf, readBounded, replaceFile } from './durable-file.ts';
export { makeDirectory } from './make-directory.ts';
export { DiskReserve } from './reserve.ts';
export { createSecret, exposure, loadOrCreateSecret, openMode, readSecret } from './secret-file.ts';
