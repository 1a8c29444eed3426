/** Which hints a node accepts and which items it keeps: the floor of the set, and the removal of items below it. */

export { AcceptedHints } from './accepted-hints.ts';
export { NO_RETENTION, Pruner, type PrunerInit } from './pruner.ts';
