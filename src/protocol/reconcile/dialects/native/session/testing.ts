/** For tests alone: the parts of this room that they look at from inside. */

export { Announced, partsOf } from './announced.ts';
export { Course } from './course.ts';
export { hintCuts } from './cuts.ts';
export { Proofs } from './proofs.ts';
export { type AskedRange, compare, cutDigest, rangeDigest } from './questions.ts';
export { RangePlanner } from './range-planner.ts';
export { stopFor, stoppedBy } from './stops.ts';
