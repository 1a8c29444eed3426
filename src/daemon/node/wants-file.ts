import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, replaceFile } from '../mesh/index.ts';
import { MAX_RECORD_BYTES, type WantsFile } from '../replicator/index.ts';

/** In the data directory, beside the database. */
const NAME = 'wants';

/**
 * The list of wanted ids in the file `wants`. A file and not a part of the database: it is replaced whole
 * now and then, need not agree with any commit, and may be deleted.
 */
export function wantsFile(directory: string): WantsFile {
  const path = join(directory, NAME);
  return {
    async load() {
      try {
        const { size } = await stat(path);
        return size > MAX_RECORD_BYTES ? new Uint8Array(0) : await readFile(path);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null;
        throw error;
      }
    },
    save: (record) => replaceFile(path, record),
  };
}
