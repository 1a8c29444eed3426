/**
 * Commits in order: one writer, paced merges, and the database opened again after a failed write.
 */

export { Committer } from './committer.ts';
export { Merger } from './merger.ts';
