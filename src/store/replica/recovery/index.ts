/** The life of a set: opening, opening again after a failure, migration, and rebuilding the index. */

export { SetLifecycle, type SetLifecycleInit } from './set-lifecycle.ts';
