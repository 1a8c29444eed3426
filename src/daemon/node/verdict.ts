import type { SessionReport } from '../../protocol/index.ts';
import type { RefusalReason, Status, Verdict } from '../node-api.ts';
import type { PeerGap, PeerTerms, Statement } from '../replicator/index.ts';
import { isoTime } from '../system/index.ts';
import type { PausedNow } from './pausing/index.ts';

/** The facts on which a verdict rests. */
export interface VerdictFacts
  extends Pick<Status, 'rebuilding' | 'wanted' | 'orphans' | 'refused' | 'refusing'> {
  readonly closed: boolean;
  readonly indexed: boolean;
  /** Items still to come, while this node catches up. */
  readonly catchUp: { readonly missing: number; readonly estimated: boolean } | null;
  /** Connected peers with which an operator has paused replication; null: with none, and not with all. */
  readonly paused: PausedNow | null;
  /** Connected peers with which sessions are possible. */
  readonly peers: readonly ComparedPeer[];
  /** Connected peers, also those with which none are. */
  readonly connected: number;
  /** Why a peer is not among them. */
  readonly trouble: RefusalReason | null;
  /** Two running nodes have one identity, that of a connected peer or of this node. */
  readonly twins: RefusalReason | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface ComparedPeer {
  readonly peer: string;
  readonly inSync: boolean;
  /** Over everything; null as long as no session proved it. */
  readonly coversAsOf: Pick<Statement, 'at'> | null;
  /** A change waits for a proof for longer than it may. */
  readonly late: boolean;
  readonly error: SessionReport['error'];
  /** Items of the peer that this node refuses, as of the last session. */
  readonly refused: number;
  /** Items of this node that the peer refuses, likewise. */
  readonly refusedThere: number;
  readonly terms: PeerTerms;
  /** Items that the peer goes on lacking, and items of it that the index here does not list. */
  readonly gap: Omit<PeerGap, 'since'>;
  /** Its clock and that of this node differ so much that sessions leave out the newest items; null: not known to. */
  readonly clockApart: RefusalReason | null;
}

type Opinion = Omit<Verdict, 'lagSeconds'>;

/** The one answer to the question whether this node has what its peers have, and why. */
export function verdictOf(facts: VerdictFacts): Verdict {
  const lagSeconds = lagOf(facts);
  const { state, reason } =
    ofTheStore(facts) ?? ofThePause(facts) ?? ofThePeers(facts) ?? inSync(facts, lagSeconds);
  return { state, reason, lagSeconds };
}

/** The peers that show their items: no other one proves anything. */
function givers({ peers }: Pick<VerdictFacts, 'peers'>): readonly ComparedPeer[] {
  return peers.filter(({ terms }) => terms.gives);
}

function lagOf(facts: VerdictFacts): number | null {
  const { now } = facts;
  const peers = givers(facts);
  const proved = peers.flatMap(({ coversAsOf }) => coversAsOf?.at ?? []);
  if (proved.length === 0 || proved.length < peers.length) return null;
  return Math.round(Math.max(0, now - Math.min(...proved)) / 100) / 10;
}

function ofTheStore({ closed, refusing, rebuilding, indexed }: VerdictFacts): Opinion | null {
  if (closed) return { state: 'stopping', reason: 'the daemon is shutting down' };
  if (refusing?.code === 'STORE_CORRUPT') return { state: 'unreadable', reason: refusing.message };
  if (rebuilding !== null) {
    const { items, of } = rebuilding;
    const reason = `the index is being built again (${items} of ${of} items): until then nothing is compared`;
    return { state: 'rebuilding', reason };
  }
  if (refusing !== null) {
    return { state: 'refusing', reason: `no items are taken: ${refusing.message}` };
  }
  if (indexed) return null;
  return { state: 'rebuilding', reason: 'the database is being opened again' };
}

function ofThePause({ paused }: VerdictFacts): Opinion | null {
  if (paused === null) return null;
  const { all, here, connected } = paused;
  const who = all ? 'all peers' : `${here} of ${connected} connected peers`;
  const reason = `an operator has paused replication with ${who}: nothing is compared until "rangemesh resume"`;
  return { state: 'paused', reason };
}

function ofThePeers(facts: VerdictFacts): Opinion | null {
  const { catchUp, refused, twins } = facts;
  const peers = givers(facts);
  if (catchUp !== null) {
    const basis = catchUp.estimated ? 'by what peers say' : 'known to be missing';
    return { state: 'catching-up', reason: `${count(catchUp.missing)} still to come, ${basis}` };
  }
  if (peers.length === 0) {
    return { state: 'alone', reason: loneliness(facts) };
  }
  if (refused > 0) {
    const reason = `${count(refused)} of peers above limits.maxItemBytes here: the sets stay different`;
    return { state: 'different', reason };
  }
  if (twins !== null) {
    const reason = `nothing proves that all items of both nodes are here. ${sentence(twins)}`;
    return { state: 'behind', reason };
  }
  const apart = peers.find(({ clockApart }) => clockApart !== null);
  if (apart !== undefined) {
    const reason = `nothing proves that the newest items are on both sides. ${sentence(apart.clockApart!)}`;
    return { state: 'different', reason };
  }
  const hidden = peers.find(({ gap }) => gap.unlisted > 0);
  if (hidden !== undefined) return { state: 'different', reason: unlisted(hidden) };
  const late = peers.find((peer) => peer.late || (!peer.inSync && peer.coversAsOf === null));
  if (late !== undefined) return { state: 'behind', reason: lateness(late, facts) };
  const lacking = peers.find(({ gap }) => gap.lasting > 0);
  return lacking === undefined ? null : { state: 'different', reason: lack(lacking) };
}

function unlisted({ peer, gap }: ComparedPeer): string {
  return `${count(gap.unlisted)} of ${peer} held here and missing in the index: run "rangemesh verify" and restart this node`;
}

function lack({ peer, gap }: ComparedPeer): string {
  return `all items of the peers are here, and ${peer} goes on lacking ${count(gap.lasting)} of this node: see "rangemesh diff ${peer}"`;
}

function loneliness({ peers, connected, trouble }: VerdictFacts): string {
  if (peers.length > 0)
    return `no connected peer shows its items, so nothing is compared${terms(peers)}`;
  const who = connected === 0 ? 'no peer is connected' : 'no connected peer can be compared with';
  const why = trouble === null ? '' : `. ${sentence(trouble)}`;
  return `${who}, so nothing is compared${why}`;
}

/** Messages of troubles begin with a capital. */
function sentence({ message, code }: RefusalReason): string {
  return `${message} [${code}]`;
}

function lateness(
  { peer, coversAsOf, error }: ComparedPeer,
  { wanted, orphans }: VerdictFacts,
): string {
  const since = coversAsOf === null ? 'yet' : `since ${isoTime(coversAsOf.at)}`;
  const why =
    error === null
      ? `${count(wanted - orphans)} known to be missing`
      : `the last session failed: ${error.message} [${error.code}]`;
  return `it is not proved ${since} that all items of ${peer} are here; ${why}`;
}

function inSync(facts: VerdictFacts, lagSeconds: number | null): Opinion {
  const { orphans } = facts;
  const peers = givers(facts);
  const who = compared(peers.length, facts.peers.length);
  const known = peers.every((peer) => peer.inSync)
    ? equality(`the sets of this node and of ${who}`, lagSeconds)
    : `all items that ${who} held ${lagSeconds} s ago are here`;
  const lost = orphans === 0 ? '' : `; ${count(orphans)} wanted that no connected peer has`;
  const reason = known + exception(peers) + lost + terms(facts.peers) + failure(peers);
  return { state: 'in-sync', reason };
}

function compared(peers: number, connected: number): string {
  if (peers < connected) return `${peers} of the ${connected} connected peers`;
  return peers === 1 ? 'the connected peer' : `the ${peers} connected peers`;
}

/** Peers by whose word items go in one direction alone. */
function terms(peers: readonly ComparedPeer[]): string {
  const told = peers.flatMap(({ peer, terms: { gives, takes } }) => [
    gives ? '' : `; ${peer} gives nothing: this node is in access.write there`,
    takes ? '' : `; ${peer} takes nothing: this node is in access.read there`,
  ]);
  return told.join('');
}

/** Peers may hold the same refused items, so the most of a peer is told and no sum. */
function exception(peers: readonly ComparedPeer[]): string {
  const here = Math.max(...peers.map((peer) => peer.refused));
  const there = Math.max(...peers.map((peer) => peer.refusedThere));
  const but = [
    ...(here > 0 ? [`${count(here)} refused here`] : []),
    ...(there > 0 ? [`${count(there)} refused by a peer`] : []),
  ];
  return but.length > 0 ? `, but for ${but.join(' and ')}` : '';
}

/** Dialects without proofs give no age. */
function equality(sets: string, lagSeconds: number | null): string {
  if (lagSeconds === null) return `${sets} are known to be equal`;
  return `${sets} were equal ${lagSeconds} s ago, and no change since is known`;
}

/** A peer whose last session failed or was refused may hold items that this node has not heard of. */
function failure(peers: readonly ComparedPeer[]): string {
  const failed = peers.find(({ error }) => error !== null);
  if (failed === undefined) return '';
  const { message, code } = failed.error!;
  return `; the last session with ${failed.peer} failed since then: ${message} [${code}]`;
}

function count(items: number): string {
  return items === 1 ? '1 item' : `${items} items`;
}
