/**
 * The life of a set: opening, opening again after a failure, migration, and rebuilding the index. Begin
 * with `SetLifecycle` in `set-lifecycle.ts`; `set-loader.ts` opens, `rebuild.ts` builds the index again.
 */

export { opener } from './database-handle.ts';
export { SetLifecycle, type SetLifecycleInit } from './set-lifecycle.ts';
