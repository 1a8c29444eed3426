/**
 * The life of a set: opening, opening again after a failure, migration, and the rebuilding of a
 * damaged index.
 */

export { SetLifecycle, type SetLifecycleInit } from './set-lifecycle.ts';
