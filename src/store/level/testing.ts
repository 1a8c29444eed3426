/** For tests alone: the parts of this room that they look at from inside. */

export { crc32ByTables } from './crc32.ts';
export {
  BLOCK_CACHE_BYTES,
  fillWith,
  MAX_OPEN_FILES,
  rethrow,
  TABLE_BYTES,
  WRITE_BUFFER_BYTES,
} from './database.ts';
