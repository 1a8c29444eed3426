import type { PeerStatus } from '../../node-api.ts';
import { type DoctorFinding, fail, ok, warn } from './finding.ts';

/** Codes of errors of a peer that no waiting mends, with what does. */
const ADVICE: Readonly<Record<string, string>> = {
  SAME_IDENTITY: 'stop one of both nodes, and move its identity.key away',
  OTHER_IDENTITY: 'correct the peer id at the end of the address',
  PEER_OF_OTHER_NETWORK: 'give both nodes the same network.name',
  NO_COMMON_DIALECT: 'set sync.dialect to auto on one of both nodes, or upgrade the older one',
  WRONG_PRE_SHARED_KEY: 'copy the key file of the mesh to this node',
  PEER_REFUSED: 'add the peer id of this node to the access list there',
  OWN_ADDRESS: 'remove the address from network.peers',
};

type LastError = NonNullable<PeerStatus['lastError']>;

/**
 * Looks at one peer of a node of this network. The finding does not depend on whether a peer that is of no
 * use is connected at this moment: it is dialled again and again.
 */
export function checkPeer(peer: PeerStatus, network: string): DoctorFinding[] {
  const { connected, lastError, lastSession, speaks, address } = peer;
  if (lastError !== null) return [troubled(peer, lastError, network)];
  if (!connected) {
    if (!isWanted(peer)) return [];
    const advice = 'wait a moment, and run this again';
    return [warn('peers', `${nameOf(peer)} is not connected yet`, advice)];
  }
  // The daemon itself says so only after some seconds, in which protocols may still come.
  if (speaks !== null && speaks.networks.length > 0 && !speaks.networks.includes(network)) {
    const message = `${nameOf(peer)} is of another network; it speaks ${spoken(peer)}`;
    return [bad(peer, message, sameNetwork(peer, network))];
  }
  const message = `${nameOf(peer)} is connected, at ${address}; it speaks ${spoken(peer)}`;
  if (lastSession === null) {
    const advice = 'wait a moment, and run this again; there is none while replication is paused';
    return [warn('peers', `${message}; no session with it has ended yet`, advice)];
  }
  const { error } = lastSession;
  if (error === null) return [ok('peers', message)];
  const advice = 'see "rangemesh sessions"; run "rangemesh sync" to try again';
  const failed = `the last session failed: ${error.message} [${error.code}]`;
  return [warn('peers', `${message}; ${failed}`, advice)];
}

function troubled(peer: PeerStatus, { code, message }: LastError, network: string): DoctorFinding {
  const said = peer.speaks === null ? '' : `; it speaks ${spoken(peer)}`;
  const name = nameOf(peer);
  const words = `${message.includes(name) ? '' : `${name}: `}${message} [${code}]${said}`;
  // A node of a shared list of addresses meets its own too.
  if (code === 'OWN_ADDRESS') return warn('peers', words, ADVICE[code]!);
  if (code === 'SAME_IDENTITY') return fail('peers', 'unavailable', words, ADVICE[code]!);
  if (code === 'PEER_OF_OTHER_NETWORK') return bad(peer, words, sameNetwork(peer, network));
  const advice = ADVICE[code];
  if (advice !== undefined) return bad(peer, words, advice);
  const look = 'check that the node runs there, and the network';
  return peer.connected ? warn('peers', words, look) : bad(peer, words, look);
}

/** A peer that nobody named need not work. */
function bad(peer: PeerStatus, message: string, advice: string): DoctorFinding {
  return isWanted(peer)
    ? fail('peers', 'unavailable', message, advice)
    : warn('peers', message, advice);
}

function isWanted({ origin }: PeerStatus): boolean {
  return origin === 'config' || origin === 'runtime';
}

function nameOf({ peerId, address }: PeerStatus): string {
  return peerId ?? address ?? 'a peer';
}

function spoken({ speaks }: PeerStatus): string {
  if (speaks === null || speaks.networks.length === 0) return 'no protocol of rangemesh';
  const { networks, dialects } = speaks;
  const names = networks.map((name) => `"${name}"`).join(', ');
  const how = dialects.length === 0 ? 'without a dialect' : `by ${dialects.join(', ')}`;
  return `network ${names} ${how}`;
}

function sameNetwork({ speaks }: PeerStatus, network: string): string {
  const there = speaks?.networks.map((name) => `"${name}"`).join(', ') ?? '';
  const now = there === '' ? '' : `: it is "${network}" here and ${there} there`;
  const advice = ADVICE.PEER_OF_OTHER_NETWORK;
  return `${advice}${now}, or remove the address of that node`;
}
