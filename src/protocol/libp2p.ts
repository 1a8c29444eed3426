import { checkInit } from '../store/index.ts';
import { ClockService, type ClockServiceInit } from './clock/index.ts';
import { type FetchInit, FetchService } from './fetch/index.ts';
import { asLibp2pService, type Libp2pComponents, libp2pNetwork } from './libp2p/index.ts';
import type { ReconcileInit } from './reconcile/index.ts';
import { ReconcileService } from './reconcile/index.ts';

export {
  GossipGuard,
  type GossipGuardInit,
  GossipOutbox,
  type GossipOutStream,
  type Libp2pComponents,
  type Libp2pGossipInit,
  type Libp2pNetworkInit,
  libp2pGossip,
  libp2pNetwork,
  openChannel,
  type Pubsub,
} from './libp2p/index.ts';

/** The service for a libp2p node: `services: { reconcile: reconcile(init) }`. */
export function reconcile(init: ReconcileInit): (components: Libp2pComponents) => ReconcileService {
  checkInit('reconcile', init);
  return (components) =>
    asLibp2pService(
      new ReconcileService(libp2pNetwork(components, init), init),
      'rangemesh/reconcile',
    );
}

/** The service for a libp2p node: `services: { clocks: clocks(init) }`. */
export function clocks(init: ClockServiceInit): (components: Libp2pComponents) => ClockService {
  checkInit('clocks', init);
  return (components) =>
    asLibp2pService(new ClockService(libp2pNetwork(components), init), 'rangemesh/clock');
}

/** The service for a libp2p node: `services: { fetch: fetch(init) }`. */
export function fetch(init: FetchInit): (components: Libp2pComponents) => FetchService {
  checkInit('fetch', init);
  return (components) =>
    asLibp2pService(new FetchService(libp2pNetwork(components, init), init), 'rangemesh/fetch');
}
