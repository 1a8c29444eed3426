/** For tests alone: the parts of this room that they look at from inside. */

export { checkFiles, checkOne, toEnd } from './check.ts';
export { crc32c } from './crc32c.ts';
export { recordsOf } from './log.ts';
export { liveTables } from './manifest.ts';
export { mendFiles } from './mend.ts';
export { checkTable } from './table.ts';
