/** For tests alone: the parts of this room that they look at from inside. */

export { diff } from './diff.ts';
export { Explanations, type ExplanationsInit } from './explanations.ts';
export { Renewals } from './renewals.ts';
export { synced } from './synced.ts';
export { wantsPage } from './wants.ts';
