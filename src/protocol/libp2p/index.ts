/** The adapter that fills the ports `Network` and `Gossip` with libp2p. */

export { GossipGuard, type GossipGuardInit } from './gossip-guard.ts';
export { GossipOutbox, type GossipOutStream } from './gossip-outbox.ts';
export {
  type Libp2pComponents,
  type Libp2pNetworkInit,
  libp2pNetwork,
  openChannel,
} from './libp2p.ts';
export { type Libp2pGossipInit, libp2pGossip, type Pubsub } from './libp2p-gossip.ts';
export { asLibp2pService } from './libp2p-service.ts';
