/** Catch-up of a node that is far behind: several peers list and serve slices of the key space. */

export { CatchUp, type CatchUpInit } from './catch-up.ts';
export type { CatchUpProgress } from './progress.ts';
