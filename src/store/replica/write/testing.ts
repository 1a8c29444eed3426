/** For tests alone: the parts of this room that they look at from inside. */

export { Admission } from './admission.ts';
export { GroupCommit, type PutLine } from './group-commit.ts';
export { IdMap } from './id-map.ts';
