import { type Clock, delay } from '../../../store/index.ts';
import type { PeerProof, SyncedAnswer, SyncedInit } from '../../explain-api.ts';
import type { SyncState } from '../../node-api.ts';

interface SyncedParts {
  clock: Clock;
  /** Sees to it that a session with each of these peers began within `pauseMs`; resolves when all have ended. */
  renew: (peers: readonly string[], pauseMs: number) => Promise<void>;
  now: () => Omit<SyncedAnswer, 'synced' | 'maxLagSeconds'>;
}

/** Time between two looks at the state while a client waits. */
const LOOK_MS = 500;
/** Longest time for sessions that renew old proofs: a client that does not wait gets its answer then. */
const RENEW_MS = 5_000;
/**
 * A younger proof answers a question as it is, so that all questions together cause a session in this time. Two
 * sessions so far apart also tell an item that a peer goes on lacking from an item on its way there.
 */
const FRESH_SECONDS = 5;
/** States of which the next session may say otherwise. */
const RENEWED: readonly SyncState[] = ['in-sync', 'behind', 'different'];

/** The answer, as soon as it is yes or the time to wait is over. */
export async function synced(init: SyncedInit, parts: SyncedParts): Promise<SyncedAnswer> {
  const { waitMs, signal, maxLagSeconds, renews } = init;
  const { clock, now } = parts;
  const end = clock.monotonic() + waitMs;
  for (;;) {
    if (renews) await renewed(init, parts);
    const facts = now();
    const answer = { ...facts, ...judged(facts, maxLagSeconds), maxLagSeconds };
    const left = end - clock.monotonic();
    if (answer.synced || left <= 0) return answer;
    await delay(clock, Math.min(LOOK_MS, left), signal);
  }
}

/** An idle mesh proves seldom, and a set that loses an item without notice gives no reason for a session. */
async function renewed({ maxLagSeconds, signal }: SyncedInit, parts: SyncedParts): Promise<void> {
  const { state, peers } = parts.now();
  if (!RENEWED.includes(state)) return;
  const freshSeconds = Math.min(FRESH_SECONDS, maxLagSeconds);
  const old = peers.filter((peer) => isOlder(peer, freshSeconds)).map(({ peerId }) => peerId);
  if (old.length === 0) return;
  const over = new AbortController();
  const waited = delay(parts.clock, RENEW_MS, AbortSignal.any([signal, over.signal]));
  const sessions = parts.renew(old, freshSeconds * 1_000);
  await Promise.race([sessions, waited]).finally(() => over.abort());
  waited.catch(() => undefined);
}

function judged(
  { state, reason, peers }: ReturnType<SyncedParts['now']>,
  maxLagSeconds: number,
): Pick<SyncedAnswer, 'synced' | 'state' | 'reason'> {
  if (state !== 'in-sync') return { synced: false, state, reason };
  const old = peers.find((peer) => isOlder(peer, maxLagSeconds));
  if (old === undefined) return { synced: true, state, reason };
  return { synced: false, state: 'behind', reason: lateness(old, maxLagSeconds) };
}

/** Of a peer that shows nothing no proof comes. */
function isOlder({ lagSeconds, gives }: PeerProof, seconds: number): boolean {
  if (!gives) return false;
  return lagSeconds === null || lagSeconds > seconds;
}

function lateness({ peerId, coversAsOf, error }: PeerProof, maxLagSeconds: number): string {
  const since = coversAsOf === null ? 'yet' : `since ${coversAsOf.at}`;
  const why = error === null ? '' : `; the last session failed: ${error.message} [${error.code}]`;
  return `it is not proved ${since} that all items of ${peerId} are here, and ${maxLagSeconds} s are allowed${why}`;
}
