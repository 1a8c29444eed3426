import type { PeerStatus, Status } from '../../node-api.ts';
import { type DoctorFinding, fail, ok, warn } from './finding.ts';

/** Codes of errors of a peer that no waiting mends. */
const ADVICE: Readonly<Record<string, string>> = {
  SAME_IDENTITY: 'stop one of both nodes, and move its identity.key away',
  OTHER_IDENTITY: 'correct the peer id at the end of the address',
  PEER_OF_OTHER_NETWORK: 'give both nodes the same network.name',
  NO_COMMON_DIALECT: 'set sync.dialect to auto on one of both nodes, or upgrade the older one',
  WRONG_PRE_SHARED_KEY: 'copy the key file of the mesh to this node',
  PEER_REFUSED: 'add the peer id of this node to the access list there',
  OWN_ADDRESS: 'remove the address from network.peers',
};

/** Reads the status of a running daemon as an operator should. */
export function checkDaemon(status: Status): DoctorFinding[] {
  return [state(status), writing(status), data(status), ...status.peers.flatMap(peer)];
}

function state({ state, reason, version, peers }: Status): DoctorFinding {
  const message = `runs, version ${version}; ${state}: ${reason}`;
  if (state === 'in-sync' || state === 'catching-up') return ok('daemon', message);
  if (state === 'paused') {
    return warn('daemon', message, 'run "rangemesh resume" when the pause may end');
  }
  if (state === 'unreadable') {
    return fail('daemon', 'corrupt', message, 'see "Damage" in docs/operations.md');
  }
  if (state === 'alone' && peers.length === 0) {
    return warn('daemon', message, 'name a peer in network.peers, or have one name this node');
  }
  return warn('daemon', message, 'see the findings about peers, and the log of the daemon');
}

function writing({ refusing }: Status): DoctorFinding {
  if (refusing === null) return ok('writing', 'items are taken');
  const message = `no items are taken: ${refusing.message} [${refusing.code}]`;
  return fail('writing', 'corrupt', message, 'do what the message says');
}

function data({ quarantined, incidents, needsRefill }: Status): DoctorFinding {
  if (quarantined === 0 && incidents.length === 0 && !needsRefill) {
    return ok('data', 'no damage was found since the start');
  }
  const message = `${quarantined} damaged items wait for a peer, ${incidents.length} incidents since the start`;
  return warn('data', message, 'see "rangemesh status"; run "rangemesh verify" and check the disk');
}

function peer({ peerId, address, connected, origin, lastError }: PeerStatus): DoctorFinding[] {
  const name = peerId ?? address ?? 'a peer';
  const wanted = origin === 'config' || origin === 'runtime';
  if (lastError !== null) {
    const message = `${name}: ${lastError.message} [${lastError.code}]`;
    const advice = ADVICE[lastError.code] ?? 'check that the node runs there, and the network';
    const fatal = lastError.code === 'SAME_IDENTITY' || (wanted && !connected);
    // A node of a shared list meets its own address too.
    if (fatal && lastError.code !== 'OWN_ADDRESS') {
      return [fail('peers', 'unavailable', message, advice)];
    }
    return [warn('peers', message, advice)];
  }
  if (connected) return [ok('peers', `${name} is connected, at ${address}`)];
  if (!wanted) return [];
  return [warn('peers', `${name} is not connected yet`, 'wait a moment, and run this again')];
}
