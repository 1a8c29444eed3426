/** For tests alone: the parts of this room that they look at from inside. */

export { blockContent, entriesOf, FileDamage, newBlock, TRAILER_BYTES } from './blocks.ts';
export { checkFiles, checkOne, toEnd } from './check.ts';
export { crc32c, maskSum } from './crc32c.ts';
export { recordsOf } from './log.ts';
export { liveTables, ManifestDamage } from './manifest.ts';
export { mendFiles } from './mend.ts';
export { checkTable } from './table.ts';
