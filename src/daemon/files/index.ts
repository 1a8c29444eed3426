/**
 * Files that the daemon keeps: the data directory, files that survive a crash, and files that only
 * their owner may read.
 */

export { databasePath, dataDirError, makeDataDir, witnessPath } from './data-dir.ts';
export { codeOf, readBounded, replaceFile } from './durable-file.ts';
export { createSecret, loadOrCreateSecret, readSecret } from './secret-file.ts';
