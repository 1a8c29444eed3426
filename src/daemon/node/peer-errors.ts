import { DaemonError } from '../errors.ts';

export function unknownAddress(address: string): DaemonError {
  const message = `${address} is not among the addresses kept connected: give one of those that "rangemesh peers" shows`;
  return new DaemonError('UNKNOWN_ADDRESS', message);
}

export function unknownPeer(peerId: string): DaemonError {
  const message = `no peer ${peerId} is connected that speaks this network's protocol: see "rangemesh peers"`;
  return new DaemonError('UNKNOWN_PEER', message);
}

export function noDialect(peerId: string): DaemonError {
  const message = `${peerId} is connected, and speaks no dialect that sync.dialect allows here: set sync.dialect to auto on one of both nodes, or upgrade the older one`;
  return new DaemonError('NO_COMMON_DIALECT', message);
}

export function peerConnected(peerId: string): DaemonError {
  const message = `${peerId} is connected, so it cannot be forgotten: stop that node first, or take it off the access lists`;
  return new DaemonError('PEER_CONNECTED', message);
}

export function notKnown(peerId: string): DaemonError {
  return new DaemonError('UNKNOWN_PEER', `no peer ${peerId} is known here: see "rangemesh peers"`);
}

export function notPenalised(peerId: string): DaemonError {
  const message = `no penalties of a peer ${peerId} are known here: see "rangemesh peers"`;
  return new DaemonError('UNKNOWN_PEER', message);
}

/** `or`: a further way to ask. */
export function ownPeer(peerId: string, or = ''): DaemonError {
  const message = `${peerId} is this node: give the id of another node, as "rangemesh peers" shows it${or}`;
  return new DaemonError('OWN_PEER', message);
}

export function ownSecret(): DaemonError {
  const message =
    'this is a key or a token of this node, so it is not stored: every peer would get it';
  return new DaemonError('OWN_SECRET', message);
}
