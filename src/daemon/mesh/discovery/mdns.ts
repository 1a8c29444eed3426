import type { PeerDiscovery } from '@libp2p/interface';
import { type MulticastDNSComponents, mdns } from '@libp2p/mdns';
import { blake3 } from '@noble/hashes/blake3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { bytesToHex } from '../../../store/index.ts';

/**
 * mDNS under a service name of the network, so that only its nodes find each other. `found` hears them:
 * libp2p's own discovery event also fires for every peer that connects.
 */
export function localDiscovery(
  networkName: string,
  found: (peer: string, addresses: string[]) => void,
): (components: MulticastDNSComponents) => PeerDiscovery {
  return (components) => {
    const discovery = mdns({ serviceTag: serviceTag(networkName) })(components);
    discovery.addEventListener('peer', ({ detail }) =>
      found(detail.id.toString(), detail.multiaddrs.map(String)),
    );
    return discovery;
  };
}

/** A network name may hold anything, a DNS label may not. */
export function serviceTag(networkName: string): string {
  const hash = bytesToHex(blake3(utf8ToBytes(networkName), { dkLen: 8 }));
  return `_rangemesh-${hash}._udp.local`;
}
