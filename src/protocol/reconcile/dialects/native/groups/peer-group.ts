import { BUCKETS, type ShortIdForm } from '../../../../../store/index.ts';
import type { SessionLink } from '../../../link.ts';
import { BLIND_SYMBOLS } from '../constants.ts';
import type { Context } from '../context.ts';
import { allowedFor, isHasty } from '../narrowing.ts';
import { type NativeWork, type RankedRange, send } from '../work.ts';
import {
  estimateDifferences,
  estimateFromZeros,
  fewestSymbolsFor,
  type Predictor,
  symbolsFor,
} from './estimate.ts';
import { namesOf } from './lists.ts';
import { peel } from './peel.ts';
import { prefixesOf, type Sides, takeSides } from './prefixes.ts';
import { SketchGroup } from './sketch-group.ts';

/**
 * The part of the probable need that is asked for when only one group was estimated: superfluous
 * symbols cost bytes, missing ones a round trip. With fewer differences a round trip costs more.
 */
const CAUTION = 0.85;
const CAUTIOUS_FROM = 48;

/** Times the probable need, after a request that was too small. */
const HASTE = 1.2;

/** A group is a surprise from so many differences, and so many for each symbol, on. */
const SURPRISE_FROM = 48;
const SURPRISE = 8;

/** Bytes of a record of prefixes without the prefixes, at most. */
const HEAD_BYTES = 24;

/** A group of the peer, until both sides know its differences. */
export interface PeerGroup {
  readonly number: number;
  readonly group: SketchGroup;
  /** Items of the peer in it; null for a list. */
  readonly count: number | null;
  readonly sums: Uint8Array;
  /** Symbols in two words each. */
  words: Uint32Array;
  /** Entries of a list. */
  entries: Uint8Array;
  /** Bytes of an entry, or of a prefix in `wanted`. */
  width: number;
  /** Symbols that were asked for and have not arrived. */
  due: number;
  /** Estimated differences; null before the estimate. */
  estimate: number | null;
  /** Requests for more symbols. */
  attempts: number;
  /** Items that the peer still has to grant, by the first `width` bytes of their short ids. */
  readonly wanted: Set<number | string>;
  /** The high words of their short ids, in the order in which we asked. */
  asked: readonly number[];
  /** The rests that have come. */
  rests: number;
  /** Our answer is complete; grants may still arrive. */
  answered: boolean;
}

/** The peer's part of a group. */
export type Sent = Pick<PeerGroup, 'count' | 'sums' | 'words'> & { readonly form: ShortIdForm };

export const NO_WORDS: Uint32Array = new Uint32Array(0);

export const LISTED: Omit<Sent, 'form'> = {
  count: null,
  sums: new Uint8Array(BUCKETS),
  words: NO_WORDS,
};

export function newGroup(
  number: number,
  ranges: readonly RankedRange[],
  { form, ...sent }: Sent,
): PeerGroup {
  return {
    number,
    group: new SketchGroup(ranges, form),
    ...sent,
    entries: new Uint8Array(0),
    width: 8,
    due: 0,
    estimate: null,
    attempts: 0,
    wanted: new Set(),
    asked: [],
    rests: 0,
    answered: false,
  };
}

/**
 * The differences in a group; null when its symbols are too few. `collision`: they do not fit the count, or
 * two items here have one short id, so that more symbols will not help.
 */
export function* decode(peer: PeerGroup, context: Context): NativeWork<Sides | 'collision' | null> {
  const { group, words, count } = peer;
  const symbols = words.length / 2;
  if (symbols === 0) return null;
  yield* group.prepare(context, symbols);
  context.meter.spend(8 * symbols);
  const decoded = peel(unlike(peer), symbols);
  if (decoded === null) return null;
  const sides = yield* takeSides(decoded, group.shorts, context.meter);
  const adds = count === group.items - sides.mine.length + sides.theirs.length / 2;
  return adds && !sides.ambiguous ? sides : 'collision';
}

/** Estimates the number of differences from the sums. */
export function estimate({ group, sums, count }: PeerGroup): number {
  return Math.max(estimateDifferences(group.buckets, sums), Math.abs(group.items - count!));
}

/**
 * Far more items differ than the sender expected. So they lie close together, and narrowing costs less
 * than symbols for all.
 */
export function isSurprise({ estimate, words }: PeerGroup): boolean {
  const symbols = words.length / 2;
  const blind = symbols < BLIND_SYMBOLS;
  return blind && estimate! >= SURPRISE_FROM && estimate! > SURPRISE * symbols;
}

/** All symbols that a group probably needs. */
export function symbolsInAll(peer: PeerGroup, predictor: Predictor, link: SessionLink): number {
  const symbols = peer.words.length / 2;
  const share = isHasty(link) ? 8 : 16;
  return Math.max(enough(peer, predictor, link), symbols + leastStep(peer, symbols / share));
}

function enough(peer: PeerGroup, predictor: Predictor, link: SessionLink): number {
  const { group, attempts, estimate } = peer;
  if (attempts > 0) {
    const differences = estimateFromZeros(unlike(peer), peer.words.length / 2) ?? 0;
    return Math.ceil(symbolsFor(differences) * HASTE);
  }
  const { value, deviation, sure } = predictor.refine(group.items, estimate!, peer.sums.length);
  if (isHasty(link)) return symbolsFor(allowedFor(value, link) + deviation);
  const caution = sure || value < CAUTIOUS_FROM ? 1 : CAUTION;
  return Math.ceil(fewestSymbolsFor(value) * caution);
}

/** The smallest request: it doubles with each attempt, so that one group cannot delay the session long. */
function leastStep({ attempts }: PeerGroup, share: number): number {
  return Math.max(6, Math.floor(share)) * 2 ** attempts;
}

/** The symbols of the differences alone. */
function unlike({ words, group }: PeerGroup): Uint32Array {
  return words.map((word, i) => word ^ group.cells[i]!);
}

/** Tells the peer which items we lack. */
export function* sayFound(
  peer: PeerGroup,
  { mine, theirs, width }: Sides,
  context: Context,
): NativeWork {
  const { outbox } = context;
  peer.width = width;
  peer.words = NO_WORDS;
  const prefixes = prefixesOf(theirs, width);
  for (const name of namesOf(prefixes, width)) peer.wanted.add(name);
  peer.asked = Array.from({ length: theirs.length / 2 }, (_, i) => theirs[2 * i + 1]!);
  const room = width * Math.floor((outbox.maxFrameBytes - HEAD_BYTES) / width);
  let at = 0;
  do {
    const some = prefixes.subarray(at, at + room);
    at += some.length;
    const last = at === prefixes.length;
    const gives = last && mine.length > 0;
    yield* send(outbox, { tag: 'found', group: peer.number, last, gives, width, prefixes: some });
  } while (at < prefixes.length);
}
