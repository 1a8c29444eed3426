/** What is known to be wrong with peers that can be reached, and with the identity of this node. */

export { RUN_BYTES, runOf, runTag } from './run-tag.ts';
export { SelfMeetings } from './self-meetings.ts';
export { type Spoken, SpokenProtocols } from './spoken.ts';
export { noCommonDialect, otherNetwork, sameIdentity } from './trouble-texts.ts';
export { type PeerTrouble, PeerTroubles, type TroubleCode } from './troubles.ts';
