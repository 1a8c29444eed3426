import type { AddressState, Mesh, PeerTrouble } from '../mesh/index.ts';

type Peers = Pick<Mesh, 'dialer' | 'connections' | 'troubles'>;
type KnownTrouble = PeerTrouble | AddressState['lastError'];

/** Why a wanted or connected peer cannot be compared with. */
export function troubleOf({ dialer, connections, troubles }: Peers): KnownTrouble {
  for (const { lastError, peerId } of dialer.addresses) {
    const trouble = lastError ?? (peerId === null ? null : troubles.of(peerId));
    if (trouble !== null && trouble.code !== 'OWN_ADDRESS') return trouble;
  }
  const [first = null] = [...connections.peers.keys()].flatMap((peer) => troubles.of(peer) ?? []);
  return first;
}

/** Why two running nodes are known to have one identity, that of a connected peer or of this node. */
export function twinsOf({ dialer, connections, troubles }: Peers): KnownTrouble {
  const known = [...connections.peers.keys()].map((peer) => troubles.of(peer));
  const met = dialer.addresses.map(({ lastError }) => lastError);
  return [...known, ...met].find((trouble) => trouble?.code === 'SAME_IDENTITY') ?? null;
}
