/**
 * Groups of ranges: their coded symbols, their estimates and their decoding, on both sides of a
 * session.
 */

export { expectedPerRange, Predictor, sketchBytes, sumsOf, symbolsFor } from './estimate.ts';
export { listEntries } from './lists.ts';
export { idsThatFit, OwnGroups } from './own-groups.ts';
export type { PeerGroup } from './peer-group.ts';
export { PeerGroups, type PeerGroupsInit } from './peer-groups.ts';
export { SketchGroup } from './sketch-group.ts';
