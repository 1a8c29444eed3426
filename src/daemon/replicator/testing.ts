/** For tests alone: the parts of this room that they look at from inside. */

export { PeerGaps, SessionLog } from './explain/index.ts';
export { joined } from './observer.ts';
export { Pause } from './pause.ts';
export { getsMany, isPart, PeerRecords } from './peers.ts';
export { ReceivedRates } from './received-rates.ts';
export { storeItems } from './store-items.ts';
export { why } from './why.ts';
