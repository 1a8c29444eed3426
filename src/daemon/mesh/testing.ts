/** For tests alone: the parts of this room that they look at from inside. */

export { AccessList, createGater } from './access.ts';
export { Connections, type ConnectionsInit } from './connections.ts';
export { keepStreams } from './gossip-streams.ts';
export { inboundFailures } from './inbound-failures.ts';
export { discoveryTopic, type MeshPubsub, pubsub } from './pubsub.ts';
export { PeerTroubles, runOf, runTag, SelfMeetings, SpokenProtocols } from './standing/index.ts';
export { dropSurplus } from './surplus.ts';
export type { ConnectionOutcome } from './tracked.ts';
export { Introducer, TwinProver } from './twins/index.ts';
