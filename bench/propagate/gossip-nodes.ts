import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { type GossipSub, gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { createLogger, VERSION } from '../../src/daemon/index.ts';
import { createIdentity } from '../../src/daemon/keys/index.ts';
import { createMesh } from '../../src/daemon/mesh/index.ts';
import { systemClock, systemNetwork, systemRandom } from '../../src/daemon/system/index.ts';
import { announceTopic } from '../../src/protocol/index.ts';
import type { GossipNode } from './bare.ts';

const NETWORK = 'bare';
export const TOPIC: string = announceTopic(NETWORK);
const LISTEN = ['/ip4/127.0.0.1/tcp/0'];

/** Nothing set, nothing changed. */
export async function libraryNode(): Promise<GossipNode> {
  const node = await createLibp2p({
    addresses: { listen: LISTEN },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub() },
  });
  return {
    address: node.getMultiaddrs()[0]!.toString(),
    pubsub: node.services.pubsub as GossipSub,
    dial: (address) => node.dial(multiaddr(address)),
    stop: async () => node.stop(),
  };
}

/** As the daemon sets it up. */
export async function tunedNode(): Promise<GossipNode> {
  const mesh = await createMesh({
    identity: await createIdentity(systemRandom),
    listen: LISTEN,
    peers: [],
    networkName: NETWORK,
    version: VERSION,
    access: { mode: 'open' },
    mdns: false,
    services: {},
    logger: createLogger({ clock: systemClock, level: 'error' }),
    clock: systemClock,
    random: systemRandom,
    network: systemNetwork,
  });
  await mesh.start();
  return {
    address: mesh.addresses[0]!,
    pubsub: mesh.libp2p.services.pubsub,
    dial: (address) => mesh.dialer.dial(address),
    stop: () => mesh.stop(),
  };
}
