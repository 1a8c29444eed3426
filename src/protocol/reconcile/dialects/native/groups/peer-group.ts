import { BUCKETS } from '../../../../../store/index.ts';
import { BLIND_SYMBOLS } from '../constants.ts';
import type { Context } from '../context.ts';
import type { NativeWork, RankedRange } from '../work.ts';
import { estimateDifferences, estimateFromZeros, type Predictor, symbolsFor } from './estimate.ts';
import { namesOf } from './lists.ts';
import { idsThatFit } from './own-groups.ts';
import { peel } from './peel.ts';
import { prefixesOf, type Sides, takeSides } from './prefixes.ts';
import { idsAt, SketchGroup } from './sketch-group.ts';

/**
 * Part of the symbols thought needed that is asked for where the estimate of one group is all there is:
 * the rest costs a round trip, too many cost bytes. Below so many differences round trips count more.
 */
const CAUTION = 0.85;
const CAUTIOUS_FROM = 48;

/** Times the symbols thought needed that are asked for when that was too little before. */
const HASTE = 1.2;

/** From how many differences, and from how many for each symbol sent, a group is a surprise. */
const SURPRISE_FROM = 48;
const SURPRISE = 8;

/** Bytes of a record of prefixes besides them, at the most. */
const HEAD_BYTES = 24;

/** A group the peer sent, until everything that differs in it is known on both sides. */
export interface PeerGroup {
  readonly number: number;
  readonly group: SketchGroup;
  /** Items of the peer in it; null for a list. */
  readonly count: number | null;
  readonly sums: Uint8Array;
  /** Symbols in two words each. */
  words: Uint32Array;
  /** Entries of a list, and their width; or the width of what is wanted. */
  entries: Uint8Array;
  width: number;
  /** Symbols that were asked for and have not come. */
  due: number;
  /** Differences expected, once that was estimated. */
  estimate: number | null;
  /** Times that more symbols were asked for. */
  attempts: number;
  /** What the peer still has to grant, by the first `width` bytes of short ids. */
  readonly wanted: Set<number | string>;
  /** Everything was said; what is wanted may be on its way. */
  answered: boolean;
}

/** What the peer sent of a group. */
export type Sent = Pick<PeerGroup, 'count' | 'sums' | 'words'>;

export const LISTED: Sent = {
  count: null,
  sums: new Uint8Array(BUCKETS),
  words: new Uint32Array(0),
};

export function newGroup(number: number, ranges: readonly RankedRange[], sent: Sent): PeerGroup {
  return {
    number,
    group: new SketchGroup(ranges),
    ...sent,
    entries: new Uint8Array(0),
    width: 8,
    due: 0,
    estimate: null,
    attempts: 0,
    wanted: new Set(),
    answered: false,
  };
}

/** What differs in a group, or null when its symbols do not tell, or tell what cannot be. */
export function* decode(peer: PeerGroup, context: Context): NativeWork<Sides | null> {
  const { group, words, count } = peer;
  const symbols = words.length / 2;
  if (symbols === 0) return null;
  yield* group.prepare(context, symbols);
  context.meter.spend(8 * symbols);
  const decoded = peel(unlike(peer), symbols);
  if (decoded === null) return null;
  const sides = yield* takeSides(decoded, group.shorts, context.meter);
  const adds = count === group.items - sides.mine.length + sides.theirs.length / 2;
  return adds ? sides : null;
}

/** Estimates from the sums how much differs. */
export function estimate({ group, sums, count }: PeerGroup): number {
  return Math.max(estimateDifferences(group.buckets, sums), Math.abs(group.items - count!));
}

/**
 * Far more differ than the sender thought: they lie close together, and narrowing further costs less
 * than symbols for all of them.
 */
export function isSurprise({ estimate, words }: PeerGroup): boolean {
  const symbols = words.length / 2;
  const blind = symbols < BLIND_SYMBOLS;
  return blind && estimate! >= SURPRISE_FROM && estimate! > SURPRISE * symbols;
}

/** Symbols that a group is thought to need in all. */
export function symbolsInAll(peer: PeerGroup, predictor: Predictor): number {
  const symbols = peer.words.length / 2;
  return Math.max(enough(peer, predictor), symbols + leastStep(peer, symbols));
}

function enough(peer: PeerGroup, predictor: Predictor): number {
  const { group, attempts, estimate } = peer;
  if (attempts > 0) {
    const differences = estimateFromZeros(unlike(peer), peer.words.length / 2) ?? 0;
    return Math.ceil(symbolsFor(differences) * HASTE);
  }
  const { value, sure } = predictor.refine(group.items, estimate!, peer.sums.length);
  const caution = sure || value < CAUTIOUS_FROM ? 1 : CAUTION;
  return Math.ceil(symbolsFor(value) * caution);
}

/** The least to ask for: more with each attempt, lest one group keep the whole session waiting. */
function leastStep({ attempts }: PeerGroup, symbols: number): number {
  return Math.max(6, symbols >>> 3) * 2 ** attempts;
}

/** The symbols of what differs. */
function unlike({ words, group }: PeerGroup): Uint32Array {
  return words.map((word, i) => word ^ group.cells[i]!);
}

/** Says which of the differences we lack. */
export function* sayFound(
  peer: PeerGroup,
  { mine, theirs, width }: Sides,
  context: Context,
): NativeWork {
  const { outbox } = context;
  peer.width = width;
  peer.words = new Uint32Array(0);
  const prefixes = prefixesOf(theirs, width);
  for (const name of namesOf(prefixes, width)) peer.wanted.add(name);
  const room = width * Math.floor((outbox.maxFrameBytes - HEAD_BYTES) / width);
  let at = 0;
  do {
    while (outbox.full) yield 'output';
    const some = prefixes.subarray(at, at + room);
    at += some.length;
    const last = at === prefixes.length;
    const gives = last && mine.length > 0;
    outbox.push({ tag: 'found', group: peer.number, last, gives, width, prefixes: some });
  } while (at < prefixes.length);
}

/** Sends ids that only we have, by their positions in the group. */
export function* giveIds(peer: PeerGroup, mine: readonly number[], context: Context): NativeWork {
  const { outbox, meter, ledger } = context;
  for (let at = 0; at < mine.length; ) {
    while (outbox.full) yield 'output';
    if (meter.over) yield 'slice';
    const some = mine.slice(at, at + idsThatFit(context));
    at += some.length;
    const ids = idsAt(peer.group, context, some);
    ledger.gave(ids);
    outbox.push({ tag: 'give', group: peer.number, last: at === mine.length, ids });
  }
}
