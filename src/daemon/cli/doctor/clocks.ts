import type { PeerStatus } from '../../node-api.ts';
import { type DoctorFinding, ok, warn } from './finding.ts';

/** Clocks of machines that keep time by a server differ by less than a second. */
const WRONG_MS = 60_000;

type TimedPeer = PeerStatus & { readonly clockOffsetMs: number };

/** Compares the clock of this node with those of its peers, by their own word. */
export function checkClocks(peers: readonly PeerStatus[]): DoctorFinding[] {
  const timed = peers.filter((peer): peer is TimedPeer => peer.clockOffsetMs !== null);
  if (timed.length === 0) return [];
  const wrong = timed.filter(({ clockOffsetMs }) => Math.abs(clockOffsetMs) > WRONG_MS);
  if (wrong.length === 0) {
    return [ok('clock of peers', `within a minute of this clock at ${ofPeers(timed.length)}`)];
  }
  if (timed.length > 1 && 2 * wrong.length > timed.length) return [ownClock(wrong, timed.length)];
  return wrong.map((peer) => otherClock(peer, timed.length === 1));
}

function ownClock(wrong: readonly TimedPeer[], timed: number): DoctorFinding {
  const offsets = wrong.map(({ clockOffsetMs }) => clockOffsetMs).sort((a, b) => a - b);
  const median = offsets[Math.floor(offsets.length / 2)]!;
  const message = `this clock is wrong by the word of ${wrong.length} of ${ofPeers(timed)}: it is about ${distance(-median)}`;
  return warn('clock of peers', message, 'set the clock of this machine, and keep it by NTP');
}

function otherClock({ peerId, clockOffsetMs }: TimedPeer, alone: boolean): DoctorFinding {
  const message = `the clock of ${peerId} is ${distance(clockOffsetMs)}, compared with this clock`;
  const advice = alone
    ? 'find out which of both clocks is wrong, set it, and keep both by NTP'
    : 'set the clock of that machine, and keep it by NTP';
  return warn('clock of peers', message, advice);
}

function distance(ms: number): string {
  return `${Math.round(Math.abs(ms) / 1_000)} s ${ms > 0 ? 'ahead' : 'behind'}`;
}

function ofPeers(count: number): string {
  return count === 1 ? '1 peer' : `${count} peers`;
}
