import { join } from 'node:path';
import { readBounded, replaceFile } from '../files/index.ts';
import { MAX_RECORD_BYTES, type WantsFile } from '../replicator/index.ts';

/**
 * The list of wanted ids in the file `wants` beside the database. It is no part of the database: it is
 * replaced whole now and then, need not agree with any commit, and may be deleted.
 */
export function wantsFile(directory: string): WantsFile {
  const path = join(directory, 'wants');
  return {
    load: () => readBounded(path, MAX_RECORD_BYTES),
    save: (record) => replaceFile(path, record),
  };
}
