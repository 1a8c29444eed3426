/** For tests alone: the inner parts of this room. */

export { declined, ending, usable } from './outcome.ts';
export { type Job, Plan } from './plan.ts';
export { Rate } from './progress.ts';
export { isGivenUp, type Slice } from './slice.ts';
export { Stalls } from './stalls.ts';
