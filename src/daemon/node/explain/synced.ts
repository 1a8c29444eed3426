import { type Clock, delay } from '../../../store/index.ts';
import type { SyncedAnswer, SyncedInit } from '../../explain-api.ts';

interface SyncedParts {
  clock: Clock;
  /** Runs a session with each of these peers; resolves when they have ended. */
  renew: (peers: readonly string[]) => Promise<void>;
  now: () => Omit<SyncedAnswer, 'synced' | 'maxLagSeconds'>;
}

/** Time between two looks at the state while a client waits. */
const LOOK_MS = 500;
/** Longest time for sessions that renew old proofs: a client that does not wait gets its answer then. */
const RENEW_MS = 5_000;

/** The answer, as soon as it is yes or the time to wait is over. */
export async function synced(init: SyncedInit, parts: SyncedParts): Promise<SyncedAnswer> {
  const { waitMs, signal, maxLagSeconds } = init;
  const { clock, now } = parts;
  const end = clock.monotonic() + waitMs;
  for (;;) {
    await renewed(init, parts);
    const facts = now();
    const answer = { ...facts, ...judged(facts, maxLagSeconds), maxLagSeconds };
    const left = end - clock.monotonic();
    if (answer.synced || left <= 0) return answer;
    await delay(clock, Math.min(LOOK_MS, left), signal);
  }
}

/** An idle mesh proves seldom, so that the proof of a peer may be older than the client wants. */
async function renewed({ maxLagSeconds, signal }: SyncedInit, parts: SyncedParts): Promise<void> {
  if (maxLagSeconds === null) return;
  const { state, peers } = parts.now();
  if (state !== 'in-sync') return;
  const old = peers.filter(({ lagSeconds }) => lagSeconds === null || lagSeconds > maxLagSeconds);
  if (old.length === 0) return;
  const over = new AbortController();
  const waited = delay(parts.clock, RENEW_MS, AbortSignal.any([signal, over.signal]));
  const sessions = parts.renew(old.map(({ peerId }) => peerId));
  await Promise.race([sessions, waited]).finally(() => over.abort());
  waited.catch(() => undefined);
}

function judged(
  { state, reason, peers }: ReturnType<SyncedParts['now']>,
  maxLagSeconds: number | null,
): Pick<SyncedAnswer, 'synced' | 'state' | 'reason'> {
  if (state !== 'in-sync' || maxLagSeconds === null) {
    return { synced: state === 'in-sync', state, reason };
  }
  const old = peers.find(({ lagSeconds }) => lagSeconds === null || lagSeconds > maxLagSeconds);
  if (old === undefined) return { synced: true, state, reason };
  const since = old.coversAsOf === null ? 'yet' : `since ${old.coversAsOf.at}`;
  const late = `it is not proved ${since} that all items of ${old.peerId} are here, and ${maxLagSeconds} s are allowed`;
  return { synced: false, state: 'behind', reason: late };
}
