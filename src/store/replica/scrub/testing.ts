/** For tests alone: the parts of this room that they look at from inside. */

export { ArrivalPatrol } from './arrival-patrol.ts';
export { NodePatrol } from './node-patrol.ts';
export { keysBehind, type Page, readPage } from './scrub-page.ts';
