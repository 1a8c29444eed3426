/** For tests alone: the parts of this room that they look at from inside. */

export { Incidents } from './incidents.ts';
export { Listeners } from './listeners.ts';
export { SetChanges } from './set-changes.ts';
export { found, noRoom, notWritten, unavailable, unknown, writeFailed } from './store-errors.ts';
