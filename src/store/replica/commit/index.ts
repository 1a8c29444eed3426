/** Commits in order: one writer, and paced merges. */

export { Committer } from './committer.ts';
export { Merger } from './merger.ts';
