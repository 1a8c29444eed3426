import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type ServiceFactoryMap } from 'libp2p';

/** A libp2p node on a loopback port of its own, with the services that are given. */
export async function loopbackNode<S extends Record<string, unknown>>(
  services: ServiceFactoryMap<S>,
): Promise<Libp2p<S>> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // More processes than cores: a ping may take longer than it has.
    connectionMonitor: { enabled: false },
    services: { identify: identify(), ...services },
  } as never);
}
