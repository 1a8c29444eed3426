import type { Status } from '../../node-api.ts';
import { checkClocks } from './clocks.ts';
import { type DoctorFinding, fail, ok, warn } from './finding.ts';
import { checkPeer } from './peers.ts';

/** Reads the status of a running daemon as an operator should. */
export function checkDaemon(status: Status): DoctorFinding[] {
  const peers = status.peers.flatMap((peer) => checkPeer(peer, status.network));
  return [state(status), writing(status), data(status), ...peers, ...checkClocks(status.peers)];
}

function state({ state, reason, version, peers }: Status): DoctorFinding {
  const message = `runs, version ${version}; ${state}: ${reason}`;
  if (state === 'in-sync' || state === 'catching-up') return ok('daemon', message);
  if (state === 'paused') {
    return warn('daemon', message, 'run "rangemesh resume" when the pause may end');
  }
  if (state === 'unreadable') {
    return fail(
      'daemon',
      'corrupt',
      message,
      'see "When the database is damaged" in docs/operations-backup.md',
    );
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
