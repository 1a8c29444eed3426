import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import type { ConnectionGater, Libp2p, ServiceMap } from '@libp2p/interface';
import { preSharedKey } from '@libp2p/pnet';
import { type TCPComponents, tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2pOptions, type ServiceFactoryMap } from 'libp2p';
import { type Logger, libp2pLogging } from '../logging.ts';
import { type InboundFailure, observed } from './dialling/index.ts';
import { localDiscovery } from './discovery/index.ts';
import type { Identity } from './identity.ts';
import { cheapLengths, cheapSignatures, frugal, sendTogether } from './libp2p-patches/index.ts';
import type { MeshOptions } from './options.ts';
import { type MeshPubsub, pubsub } from './pubsub.ts';

export interface AssemblyInit<S extends ServiceMap> {
  readonly identity: Identity;
  /** What is gossiped stays among nodes of the same. */
  readonly networkName: string;
  readonly listen: string[];
  readonly announce: string[];
  readonly version: string;
  readonly psk: Uint8Array | null;
  readonly gater: ConnectionGater;
  readonly services: ServiceFactoryMap<S>;
  readonly logger: Logger;
  readonly options: MeshOptions;
  readonly onInboundFailure: InboundFailure;
  /** Discover peers by mDNS on this network and hand them over; null is not to. */
  readonly mdns: { networkName: string; found(peer: string, addresses: string[]): void } | null;
}

/** What every node of a mesh has besides the services asked for. */
export interface MeshServices extends ServiceMap {
  readonly pubsub: MeshPubsub;
}

/** A libp2p node that is not started yet: TCP, Noise, Yamux, identify, gossipsub, and what was asked for. */
export async function assemble<S extends ServiceMap>(
  init: AssemblyInit<S>,
): Promise<Libp2p<S & MeshServices>> {
  const { mdns, psk } = init;
  cheapSignatures(init.identity.privateKey.publicKey);
  const node = await createLibp2p({
    start: false,
    privateKey: init.identity.privateKey,
    nodeInfo: { name: 'rangemesh', version: init.version, userAgent: `rangemesh/${init.version}` },
    addresses: { listen: init.listen, announce: init.announce },
    logger: libp2pLogging(init.logger),
    connectionGater: init.gater,
    transports: [
      observed<TCPComponents>(tcp(), {
        connected: sendTogether,
        inboundFailure: init.onInboundFailure,
      }),
    ],
    connectionEncrypters: [cheapLengths(noise())],
    streamMuxers: [frugal(yamux({ maxInboundStreams: init.options.maxStreamsPerConnection }))],
    ...(psk !== null && { connectionProtector: preSharedKey({ psk }) }),
    ...(mdns !== null && { peerDiscovery: [localDiscovery(mdns.networkName, mdns.found)] }),
    ...limits(init.options),
    services: {
      ...init.services,
      identify: identify({ timeout: init.options.identifyTimeoutMs }),
      pubsub: pubsub(init.networkName),
    },
  } as Libp2pOptions<S & MeshServices>);
  return node;
}

function limits(options: MeshOptions): Libp2pOptions {
  return {
    connectionManager: {
      maxConnections: options.maxConnections,
      maxIncomingPendingConnections: options.maxPendingInbound,
      inboundConnectionThreshold: options.maxInboundPerSecond,
      inboundUpgradeTimeout: options.handshakeTimeoutMs,
      addressDialTimeout: options.handshakeTimeoutMs,
      // A name may resolve to several addresses, which are tried one after the other.
      dialTimeout: 3 * options.handshakeTimeoutMs,
    },
    connectionMonitor: {
      pingInterval: options.pingIntervalMs,
      pingTimeout: { minTimeout: options.pingTimeoutMs },
    },
  };
}
