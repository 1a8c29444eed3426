/** The verbs by which an operator asks why. */

export { diff } from './diff.ts';
export { events } from './events.ts';
export { sessions, showPeer, wants } from './lists.ts';
export { synced } from './synced.ts';
