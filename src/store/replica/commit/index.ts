/** Commits in order: one writer, and paced merges. */

export { Committer } from './committer.ts';
export { Merger } from './merger.ts';
export { SlicePace } from './slice-pace.ts';
