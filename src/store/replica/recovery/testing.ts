/** For tests alone: the parts of this room that they look at from inside. */

export { opener } from './database-handle.ts';
export { migrateFirstSchema } from './migrate.ts';
export { type RebuildInit, type Rebuilt, rebuildIndex } from './rebuild.ts';
