import type { Random } from '../../../store/index.ts';

/** A connected node of our network. */
export interface Link {
  readonly peer: string;
  /** Never closed: the configuration or an operator wants it, or it has insisted. */
  readonly kept: boolean;
  /** This node chose and dialled it. */
  readonly dialled: boolean;
  /** Its connection is too young to be closed, or in use. */
  readonly busy: boolean;
  /** When it connected, on any clock. */
  readonly since: number;
}

export interface DialCandidate {
  readonly peer: string;
  /** Dialled only when there are not enough others: it has just hung up. */
  readonly shy: boolean;
}

export interface MeshSituation {
  readonly degree: number;
  readonly links: readonly Link[];
  /** Dials to discovered peers under way. */
  readonly dialling: number;
  /** Known peers that are not connected, not being dialled and not resting. */
  readonly candidates: readonly DialCandidate[];
  /** One connection is to be exchanged for another. */
  readonly exchange: boolean;
  /** Whether the last choice was to get rid of surplus. */
  readonly trimming: boolean;
}

export interface Choice {
  readonly dial: readonly string[];
  readonly close: readonly string[];
  readonly trimming: boolean;
}

/** Connections above which some are closed. The room between is for peers that connect to us. */
export function upperBound(degree: number): number {
  return 2 * degree;
}

/** Where closing stops, so that the next peer that connects does not start it again. */
export function trimmedTo(degree: number): number {
  return Math.ceil(1.5 * degree);
}

/**
 * Least number of connections to peers that this node chose, however many others connect to it. Peers
 * that connect again and again must not be all that this node sees of the mesh.
 */
export function ownChoice(degree: number): number {
  return Math.ceil(degree / 2);
}

/**
 * The peers to dial and to let go. Below the degree random candidates are dialled, which keeps the graph
 * an expander: half of the missing ones at a time, for other nodes dial too. Above twice the degree the
 * youngest connections that may be closed go, one at a time, down to one and a half. An exchange also
 * takes place without room if this node chose too few peers itself.
 */
export function choose(situation: MeshSituation, random: Random): Choice {
  const { degree, links, dialling, candidates, exchange } = situation;
  const missing = degree - links.length - dialling;
  const room = links.length < upperBound(degree) || chosen(links) < ownChoice(degree);
  const more = exchange && room && dialling === 0;
  const wanted = missing > 0 ? Math.ceil(missing / 2) : Number(more);
  const over = links.length > upperBound(degree);
  const trimming = over || (situation.trimming && links.length > trimmedTo(degree));
  const victim = trimming ? youngest(degree, links) : undefined;
  return {
    dial: pick(candidates, wanted, random),
    close: victim === undefined ? [] : [victim.peer],
    trimming,
  };
}

/** The peer to let go for `added`, just connected in exchange; undefined up to the degree. */
export function exchanged(
  { degree, links }: Pick<MeshSituation, 'degree' | 'links'>,
  added: string,
): string | undefined {
  return links.length <= degree ? undefined : youngest(degree, links, added)?.peer;
}

/** Old connections tend to last, and both sides have learnt much of each other. */
function youngest(degree: number, links: readonly Link[], added?: string): Link | undefined {
  const few = chosen(links) <= ownChoice(degree);
  return links
    .filter(({ peer, kept, busy }) => peer !== added && !kept && !busy)
    .filter(({ dialled }) => !few || !dialled)
    .sort((a, b) => b.since - a.since)[0];
}

function chosen(links: readonly Link[]): number {
  return links.filter(({ dialled }) => dialled).length;
}

/** A random sample, of candidates that are not shy first. */
function pick(candidates: readonly DialCandidate[], count: number, random: Random): string[] {
  if (count === 0) return [];
  return candidates
    .map(({ peer, shy }) => ({ peer, rank: Number(shy) + random.fraction() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ peer }) => peer);
}
