import type { SessionLink } from '../../link.ts';
import { BRANCHING, PLAIN_ITEMS } from './constants.ts';

// Milliseconds of both sides together, measured by `npm run bench -- reconcile`.

/** One item: read, its short id made and toggled, looked at for the differences. */
const READ_MS = 70e-6;
/** A part: cut, announced, looked up and compared. */
const PART_MS = 0.006;
/** One id in the digest of a short range. */
const DIGEST_MS = 55e-6;
/** The digest of a range from its state, at an edge of a leaf here and within a leaf there. */
const STATE_MS = 0.024;
/** Bytes of a part, in a split of a short range and in a cut of a large one. */
const SPLIT_BYTES = 11;
const CUT_BYTES = 5;
/** Splits that are thought of, one after the other. */
const AHEAD = 2;
/** Standard deviations of the differences for which symbols are sent ahead where a round trip costs more. */
const DEVIATIONS = 2;
/** Bytes that may be sent ahead to save a round trip that is worth so many. */
const WORTH_AHEAD = 16_384;

/** Ranges that differ, all alike. */
export interface Differing {
  readonly ranges: number;
  /** Items in all of them. */
  readonly items: number;
  /** Differences in each range. */
  readonly each: number;
}

/** Parts to split each of the ranges into; 1 where reading all their items costs less. */
export function partsWorth(differing: Differing, link: SessionLink): number {
  return cheapest(differing, link, AHEAD).parts;
}

/** Symbols that may be too many cost less than a round trip for those that are missing. */
export function isHasty({ bytesPerMs, roundTripMs }: SessionLink): boolean {
  return bytesPerMs * roundTripMs >= WORTH_AHEAD;
}

/** The differences to send symbols for where so many are expected. */
export function allowedFor(expected: number, link: SessionLink): number {
  return expected + (isHasty(link) ? DEVIATIONS * Math.sqrt(expected) : 0);
}

interface Narrowed {
  readonly ms: number;
  readonly parts: number;
}

function cheapest(differing: Differing, link: SessionLink, ahead: number): Narrowed {
  const { ranges, items, each } = differing;
  let best: Narrowed = { ms: items * READ_MS, parts: 1 };
  if (ahead === 0) return best;
  for (let parts = 2; parts <= Math.min(BRANCHING, items / ranges); parts *= 2) {
    const splitMs = link.roundTripMs / 2 + ranges * parts * partMs(items / ranges / parts, link);
    if (splitMs >= best.ms) break;
    // Parts of a range that differ, if its differences fall by chance.
    const touched = parts * (1 - (1 - 1 / parts) ** each);
    const rest = {
      ranges: ranges * touched,
      items: (items * touched) / parts,
      each: each / touched,
    };
    const ms = splitMs + cheapest(rest, link, ahead - 1).ms;
    if (ms < best.ms) best = { ms, parts };
  }
  return best;
}

/** What a part of so many items costs. */
function partMs(items: number, { bytesPerMs }: SessionLink): number {
  if (items <= PLAIN_ITEMS) return PART_MS + items * DIGEST_MS + SPLIT_BYTES / bytesPerMs;
  return PART_MS + STATE_MS + CUT_BYTES / bytesPerMs;
}
