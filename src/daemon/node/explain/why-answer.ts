import { type Arrival, type Replica, StoreError } from '../../../store/index.ts';
import { originIn } from '../../guard/index.ts';
import type { Asked, AskedPeer, WhyAnswer, WhyAttempt } from '../../node-api.ts';
import type { FetchAttempt, Replicator } from '../../replicator/index.ts';
import { isoTime } from '../../system/index.ts';
import { refusalFacts } from '../refusing/index.ts';
import { provedAt } from '../status-view.ts';

type HeldAnswer = Extract<WhyAnswer, { state: 'have' }>;

interface WhyParts {
  replica: Pick<Replica, 'head' | 'snapshot' | 'arrivalOf' | 'refusals'>;
  replicator: Pick<Replicator, 'whys' | 'gaps' | 'peers' | 'statements'>;
}

/** Whether an item is here, and if not, why. */
export async function whyAnswer(id: Uint8Array, parts: WhyParts): Promise<WhyAnswer> {
  const head = await parts.replica.head(id);
  if (head !== undefined) return have(id, head, parts);
  const why = parts.replicator.whys.of(id);
  const refusal = refusalIn(parts.replica, id);
  // What a policy refused of one peer may be on its way from another.
  if (refusal !== null && (refusal.by === 'operator' || why.state !== 'wanted')) {
    const refusedAt = why.state === 'refused' ? why.peers : [];
    return { state: 'refused', refusedAt, refusal };
  }
  switch (why.state) {
    case 'wanted':
      return {
        ...why,
        since: isoTime(why.since),
        expiresAt: isoTime(why.expiresAt),
        attempts: why.attempts.map(attempt),
      };
    case 'refused':
      return { state: 'refused', refusedAt: why.peers, refusal: null };
    case 'expired':
      return { state: 'expired', at: isoTime(why.at), ...asked(why.attempts, parts) };
    case 'unknown':
      return { state: 'unknown', ...asked(why.attempts, parts) };
  }
}

/** Who keeps the item out by its id; null: it is not kept out. */
export function refusalIn(
  { refusals }: Pick<Replica, 'refusals'>,
  id: Uint8Array,
): ReturnType<typeof refusalFacts> | null {
  const refused = refusals.get(id);
  return refused === undefined ? null : refusalFacts(refused);
}

async function have(
  id: Uint8Array,
  { hint, bytes }: { readonly hint: bigint; readonly bytes: number },
  { replica, replicator }: WhyParts,
): Promise<HeldAnswer> {
  const arrival = await arrivalOf(id, replica);
  const gaps = replicator.gaps.lacking(id);
  return {
    state: 'have',
    hint: `${hint}`,
    bytes,
    arrival: arrival === undefined ? null : shownArrival(arrival),
    indexed: indexed({ hint, id }, replica),
    lackedBy: gaps.map(({ peer: peerId, since, at }) => ({
      peerId,
      since: isoTime(since),
      at: isoTime(at),
    })),
  };
}

/** Nothing while the order of arrival is written again. */
async function arrivalOf(
  id: Uint8Array,
  replica: Pick<Replica, 'arrivalOf'>,
): Promise<Arrival | undefined> {
  try {
    return await replica.arrivalOf(id);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_REBUILDING') return undefined;
    throw error;
  }
}

/** Where the order of arrival was written again, times and sources are not known. */
function shownArrival({ seq, at, source }: Arrival): NonNullable<HeldAnswer['arrival']> {
  if (at === 0) return { seq, at: null, source: null, publisher: null };
  const { peer, publisher } = originIn(source);
  return { seq, at: isoTime(at), source: peer ?? 'local', publisher };
}

function indexed(
  key: { readonly hint: bigint; readonly id: Uint8Array },
  replica: Pick<Replica, 'snapshot'>,
): boolean | null {
  try {
    const snapshot = replica.snapshot();
    try {
      const rank = snapshot.lowerBound(key);
      if (rank >= snapshot.size) return false;
      const found = snapshot.select(rank).id;
      return found.every((byte, at) => byte === key.id[at]);
    } finally {
      snapshot.release();
    }
  } catch {
    // There is no index while it is built again.
    return null;
  }
}

function attempt({ peer: peerId, at, outcome, error }: FetchAttempt): WhyAttempt {
  return { peerId, at: isoTime(at), outcome, error };
}

/** Sessions asked the connected peers for all that they hold. */
function asked(attempts: readonly FetchAttempt[], { replicator }: WhyParts): Asked {
  const peers = replicator.peers.connectedOnes.map(
    ({ peer, lastSession }): AskedPeer => ({
      peerId: peer,
      lastSession: lastSession === null ? null : isoTime(lastSession.startedAt),
      coversAsOf: provedAt(replicator.statements.of(peer).coversAsOf),
    }),
  );
  return { attempts: attempts.map(attempt), asked: peers };
}
