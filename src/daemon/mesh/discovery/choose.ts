import type { Random } from '../../../store/index.ts';

/** A connected node of our network. */
export interface Link {
  readonly peer: string;
  /** The configuration or an operator wants it, or it has shown that it needs us: never closed. */
  readonly kept: boolean;
  /** We chose it, and dialled it. */
  readonly dialled: boolean;
  /** Its connection is too young to be closed, or in the midst of something. */
  readonly busy: boolean;
  /** When it connected; the clock does not matter. */
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
 * So many connections to peers that we chose are sought at the least, however many others come to us:
 * those who come, and come again, are not to be all that we see of the mesh.
 */
export function ownChoice(degree: number): number {
  return Math.ceil(degree / 2);
}

/**
 * Whom to dial and whom to let go. Below the degree random candidates are dialled, which keeps the
 * graph an expander; half of what is missing at a time, for others dial us meanwhile. Above twice
 * the degree the youngest connections that may be closed are, one at a time, down to one and a half.
 * An exchange is made without room, too, where we chose too few ourselves.
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

/** Whom to let go for `added`, just connected in exchange; undefined while there is none too many. */
export function exchanged(
  { degree, links }: Pick<MeshSituation, 'degree' | 'links'>,
  added: string,
): string | undefined {
  if (links.length <= degree) return undefined;
  return youngest(degree, links, added)?.peer;
}

/** Connections that lasted go on lasting, and carry what both sides have learnt of each other. */
function youngest(degree: number, links: readonly Link[], added?: string): Link | undefined {
  const few = chosen(links) <= ownChoice(degree);
  return links
    .filter(({ peer, kept, busy, dialled }) => {
      return peer !== added && !kept && !busy && !(few && dialled);
    })
    .reduce<Link | undefined>(
      (found, link) => (found === undefined || link.since > found.since ? link : found),
      undefined,
    );
}

function chosen(links: readonly Link[]): number {
  return links.filter(({ dialled }) => dialled).length;
}

/** A random sample, of those that are not shy first. */
function pick(candidates: readonly DialCandidate[], count: number, random: Random): string[] {
  if (count <= 0) return [];
  const ranked = candidates.map(({ peer, shy }) => ({
    peer,
    rank: Number(shy) + random.fraction(),
  }));
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ peer }) => peer);
}
