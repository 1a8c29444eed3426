/** For tests alone: the parts of this room that they look at from inside. */

export { declined, ending, usable } from './outcome.ts';
export { isGivenUp, type Job, Plan, type Slice } from './plan.ts';
export { Rate } from './progress.ts';
export { Stalls } from './stalls.ts';
