/**
 * Catch-up of a node that is far behind: the key space is cut into slices, and each slice is given
 * to one of several peers.
 */

export { CatchUp, type CatchUpHost } from './catch-up.ts';
export type { CatchUpProgress } from './progress.ts';
