import { type Clock, delay } from '../../../store/index.ts';
import type { PeerProof, SyncedAnswer, SyncedInit } from '../../explain-api.ts';
import type { SyncState } from '../../node-api.ts';
import { isoTime } from '../../system/index.ts';

interface SyncedParts {
  clock: Clock;
  /** Sees to it that a session with each of these peers began within `pauseMs`; resolves when all have ended. */
  renew: (peers: readonly string[], pauseMs: number) => Promise<void>;
  now: () => Omit<SyncedAnswer, 'synced' | 'maxLagSeconds' | 'provedSince'>;
}

/** The proofs that count. */
type Demand = Pick<SyncedAnswer, 'maxLagSeconds' | 'provedSince'>;

interface Waited extends Pick<SyncedInit, 'signal'> {
  /** Milliseconds since the call. */
  readonly askedMs: number;
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
/**
 * Where proofs must begin after the call, all questions together cause a session in this time. A client that writes
 * and then asks does not wait for longer.
 */
const PROMPT_MS = 1_000;
/** States of which the next session may say otherwise. */
const RENEWED: readonly SyncState[] = ['in-sync', 'behind', 'different'];

/** The answer, as soon as it is yes or the time to wait is over. */
export async function synced(init: SyncedInit, parts: SyncedParts): Promise<SyncedAnswer> {
  const { waitMs, signal, maxLagSeconds, renews } = init;
  const { clock, now } = parts;
  const start = clock.monotonic();
  const end = start + waitMs;
  const provedSince = init.provedSince === 'now' ? isoTime(clock.now()) : init.provedSince;
  const demand = { maxLagSeconds, provedSince };
  for (;;) {
    if (renews) await renewed({ ...demand, signal, askedMs: clock.monotonic() - start }, parts);
    const facts = now();
    const answer = { ...facts, ...judged(facts, demand), ...demand };
    const left = end - clock.monotonic();
    if (answer.synced || left <= 0) return answer;
    await delay(clock, Math.min(LOOK_MS, left), signal);
  }
}

/** An idle mesh proves seldom, and a set that loses an item without notice gives no reason for a session. */
async function renewed(
  { maxLagSeconds, provedSince, signal, askedMs }: Demand & Waited,
  parts: SyncedParts,
): Promise<void> {
  const { state, peers } = parts.now();
  if (!RENEWED.includes(state)) return;
  const freshSeconds = Math.min(FRESH_SECONDS, maxLagSeconds);
  const fresh = { maxLagSeconds: freshSeconds, provedSince };
  const old = peers.filter((peer) => isOld(peer, fresh)).map(({ peerId }) => peerId);
  if (old.length === 0) return;
  const freshMs = freshSeconds * 1_000;
  // A session that began after the call is not begun again at once: what it found missing is on its way.
  const pauseMs = provedSince === null ? freshMs : Math.min(freshMs, Math.max(PROMPT_MS, askedMs));
  const over = new AbortController();
  const waited = delay(parts.clock, RENEW_MS, AbortSignal.any([signal, over.signal]));
  const sessions = parts.renew(old, pauseMs);
  await Promise.race([sessions, waited]).finally(() => over.abort());
  waited.catch(() => undefined);
}

function judged(
  { state, reason, peers }: ReturnType<SyncedParts['now']>,
  demand: Demand,
): Pick<SyncedAnswer, 'synced' | 'state' | 'reason'> {
  if (state !== 'in-sync') return { synced: false, state, reason };
  const old = peers.find((peer) => isOld(peer, demand));
  if (old === undefined) return { synced: true, state, reason };
  return { synced: false, state: 'behind', reason: lateness(old, demand) };
}

/** Of a peer that shows nothing no proof comes. */
function isOld(
  { lagSeconds, coversSinceAsked, gives }: PeerProof,
  { maxLagSeconds, provedSince }: Demand,
): boolean {
  if (!gives) return false;
  if (lagSeconds === null || lagSeconds > maxLagSeconds) return true;
  // Both are times as `isoTime` writes them.
  return provedSince !== null && (coversSinceAsked === null || coversSinceAsked < provedSince);
}

function lateness(
  { peerId, coversAsOf, coversSinceAsked, error }: PeerProof,
  { maxLagSeconds, provedSince }: Demand,
): string {
  const at = provedSince === null ? coversAsOf?.at : coversSinceAsked;
  const since = at == null ? 'yet' : `since ${at}`;
  const allowed =
    provedSince === null
      ? `${maxLagSeconds} s are allowed`
      : `the proof must begin after ${provedSince}, and be at most ${maxLagSeconds} s old`;
  const why = error === null ? '' : `; the last session failed: ${error.message} [${error.code}]`;
  return `it is not proved ${since} that all items of ${peerId} are here, and ${allowed}${why}`;
}
