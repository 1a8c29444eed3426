/** Groups of ranges: coded symbols, estimates and decoding, for the groups of both sides. */

export { expectedPerRange, Predictor, sketchBytes, sumsOf, symbolsFor } from './estimate.ts';
export { listEntries } from './lists.ts';
export { OwnGroups } from './own-groups.ts';
export type { PeerGroup } from './peer-group.ts';
export { PeerGroups, type PeerGroupsInit } from './peer-groups.ts';
export { idsThatFit } from './send-ids.ts';
export { sendItems } from './send-items.ts';
export { SketchGroup } from './sketch-group.ts';
