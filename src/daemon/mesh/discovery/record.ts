import type { PeerId } from '@libp2p/interface';
import { PeerRecord } from '@libp2p/peer-record';
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr';
import { hostOf, isLoopback, parsePeerAddress, withoutPeer } from '../../peer-address.ts';
import { type HostRules, mayDialHost } from '../bounds/index.ts';
import type { PeerAnnouncement } from './known-peers.ts';

/** Bytes of an announcement at most; eight addresses of the longest names take half of it. */
export const MAX_RECORD_BYTES = 4_096;
/** Addresses in an announcement at most, of any kind. */
const MAX_ADDRESSES = 32;

export interface RecordInit {
  readonly peerId: PeerId;
  /** Where this node is reached, with or without its peer id. */
  readonly addresses: readonly Multiaddr[];
  readonly sequence: bigint;
  /** Addresses told at most. */
  readonly maxAddresses: number;
}

/** libp2p's peer record of this node, or null when there is nothing to tell. */
export function encodeRecord(init: RecordInit): Uint8Array | null {
  const multiaddrs = worthTelling(init.addresses)
    .map((address) => address.decapsulateCode(CODE_P2P))
    .slice(0, init.maxAddresses);
  if (multiaddrs.length === 0) return null;
  return new PeerRecord({ peerId: init.peerId, multiaddrs, seqNumber: init.sequence }).marshal();
}

/** The addresses of this machine alone are told only by a node that has no others. */
function worthTelling(addresses: readonly Multiaddr[]): Multiaddr[] {
  const distant = addresses.filter((address) => !isLoopback(address));
  return distant.length > 0 ? distant : [...addresses];
}

/** Throws when the bytes are no peer record of a sensible size. */
export function decodeRecord(bytes: Uint8Array): PeerAnnouncement {
  if (bytes.length > MAX_RECORD_BYTES) throw new Error(`it has ${bytes.length} bytes`);
  const { peerId, multiaddrs, seqNumber } = PeerRecord.createFromProtobuf(bytes);
  if (multiaddrs.length > MAX_ADDRESSES) throw new Error(`it has ${multiaddrs.length} addresses`);
  return { peer: peerId.toString(), addresses: multiaddrs.map(String), sequence: seqNumber };
}

export interface UsableInit extends HostRules {
  readonly peer: string;
  readonly max: number;
}

/** The addresses of a peer that this node can dial, without the peer id, each once. */
export function usableAddresses(addresses: readonly string[], init: UsableInit): string[] {
  const usable = addresses.flatMap((text) => {
    try {
      const { multiaddr, peerId, text: spelt } = parsePeerAddress(text);
      if (peerId !== null && peerId !== init.peer) return [];
      return mayDialHost(hostOf(multiaddr), init) ? [withoutPeer(spelt)] : [];
    } catch {
      return [];
    }
  });
  return [...new Set(usable)].slice(0, init.max);
}
