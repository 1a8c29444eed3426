import type { Surveyed } from '../../../protocol/index.ts';
import { type Bound, bytesToKey, compareBounds } from '../../../store/index.ts';

/** A slice of the key space on its way to being here. */
export interface Slice {
  readonly lower: Bound;
  upper: Bound;
  /** Items expected to be missing; what came since is taken off. */
  expected: number;
  /**
   * `coarse`: too much to list at once, to be looked at first. `open`: to be listed by some peer.
   * `listing`, `fetching`, `checking`: what its name says. `stored`: here, and to be checked with a
   * second peer. `closed`: nothing more to do.
   */
  state: 'coarse' | 'open' | 'listing' | 'fetching' | 'stored' | 'checking' | 'closed';
  /** Who listed it last, or does. */
  lister: string | null;
  /** Who said last that something is missing in it: the lister, or who checked it. */
  owes: string | null;
  /** A second peer has shown the same, or what the first one had not shown. */
  checked: boolean;
  /** Times it was listed and did not come. */
  failures: number;
  /** Ids listed and not stored yet, as keys. */
  readonly pending: Set<string>;
}

export interface PlanInit {
  /** Items missing in what one peer lists at a time. */
  sliceItems: number;
  /** Ids listed and not stored, over all slices, above which nothing more is listed. */
  maxPending: number;
}

/** What one peer is to do next. */
export interface Job {
  readonly kind: 'survey' | 'list' | 'check';
  readonly slice: Slice;
}

/** A slice that several peers in a row could not bring is left to the sessions that close the catch-up. */
const MAX_FAILURES = 4;

/** Closed, because nobody could bring what was listed in it: not because it is here. */
export function isGivenUp({ state, failures }: Slice): boolean {
  return state === 'closed' && failures > MAX_FAILURES;
}

/**
 * Which slices of the key space are still to come, in key order, and what each peer does about them.
 * Nothing in it is kept over a restart: what is stored is stored, and a survey finds the rest again.
 */
export class Plan {
  readonly #init: PlanInit;
  #slices: Slice[] = [];
  #pending = 0;
  /** Ids that a peer listed and that were stored. */
  readonly #came = new Map<string, number>();

  constructor(init: PlanInit) {
    this.#init = init;
  }

  get slices(): readonly Slice[] {
    return this.#slices;
  }

  /** Ids listed and not stored. */
  get pending(): number {
    return this.#pending;
  }

  /** How many of the ids that the peer listed have been stored. */
  cameFrom(peer: string): number {
    return this.#came.get(peer) ?? 0;
  }

  /** Items still missing, as far as is known. */
  get missing(): number {
    return this.#slices.reduce((sum, slice) => sum + missingIn(slice), 0);
  }

  /** Every slice that is still to come is listed: `missing` is a count of ids, not what peers say. */
  get allListed(): boolean {
    return this.#slices.every(({ state }) => !UNLISTED.has(state));
  }

  get done(): boolean {
    return this.#slices.every(({ state }) => state === 'closed');
  }

  /** Begins with what a survey of everything has shown; `peers` is how many share the work. */
  begin(parts: readonly Surveyed[], peers: number): void {
    this.#slices = this.#cut(parts, peers);
  }

  /** What `peer` can do now; `alone`: nobody else is there to check. Null when it has to wait. */
  next(peer: string, alone: boolean): Job | null {
    if (alone) this.#letBe();
    const toCheck = this.#slices.find(({ state, lister }) => state === 'stored' && lister !== peer);
    if (toCheck !== undefined) return { kind: 'check', slice: toCheck };
    if (this.#pending >= this.#init.maxPending) return null;
    const open = this.#slices.filter(({ state }) => state === 'open' || state === 'coarse');
    const slice = open.find(({ failures, lister }) => failures === 0 || alone || lister !== peer);
    if (slice === undefined) return null;
    return { kind: slice.state === 'coarse' ? 'survey' : 'list', slice };
  }

  started({ kind, slice }: Job, peer: string): void {
    slice.state = kind === 'check' ? 'checking' : 'listing';
    slice.owes = peer;
    if (kind !== 'check') slice.lister = peer;
  }

  /** Ids that the peer of a running job lists. */
  learnt(slice: Slice, ids: readonly Uint8Array[]): void {
    const before = slice.pending.size;
    for (const id of ids) slice.pending.add(bytesToKey(id));
    this.#pending += slice.pending.size - before;
  }

  /** Returns how many of them had been listed. */
  stored(keys: Iterable<string>): number {
    const before = this.#pending;
    const active = this.#slices.filter(({ pending }) => pending.size > 0);
    for (const key of keys) {
      const slice = active.find(({ pending }) => pending.delete(key));
      if (slice === undefined) continue;
      this.#pending--;
      this.#came.set(slice.owes!, this.cameFrom(slice.owes!) + 1);
      slice.expected = Math.max(0, slice.expected - 1);
    }
    for (const slice of active) this.#settle(slice);
    return before - this.#pending;
  }

  /** A survey of the slice has ended: its parts that differ take its place. */
  surveyed(slice: Slice, parts: readonly Surveyed[], peers: number): void {
    // A peer that shows nothing of a slice that differs has too little there to show: it lists it.
    if (parts.length < 2) slice.state = 'open';
    else this.#slices.splice(this.#slices.indexOf(slice), 1, ...this.#cut(parts, peers));
  }

  /** The slice is listed up to `end`, or to its end. */
  listed(slice: Slice, end: Bound | null): void {
    if (end !== null && compareBounds(end, slice.lower) > 0) this.#cutAt(slice, end);
    slice.state = 'fetching';
    slice.expected = slice.pending.size;
    this.#settle(slice);
  }

  /** A second peer has shown what it holds there. */
  compared(slice: Slice): void {
    slice.checked = true;
    slice.state = 'fetching';
    this.#settle(slice);
  }

  /** The job came to nothing. */
  failed({ kind, slice }: Job): void {
    if (kind === 'check') {
      this.#forget(slice);
      slice.state = 'stored';
    } else this.reopen(slice);
  }

  /** What was listed does not come: another peer is to list the slice, as often as that makes sense. */
  reopen(slice: Slice): void {
    this.#forget(slice);
    slice.failures++;
    slice.lister = slice.owes;
    slice.checked = false;
    slice.state = slice.failures > MAX_FAILURES ? 'closed' : 'open';
  }

  /** The peer has gone: what it listed and did not bring is to be listed by others. */
  left(peer: string): void {
    for (const slice of this.#slices) {
      if (slice.owes !== peer || slice.state !== 'fetching') continue;
      this.#forget(slice);
      slice.checked = false;
      slice.state = 'open';
    }
  }

  #forget(slice: Slice): void {
    this.#pending -= slice.pending.size;
    slice.pending.clear();
  }

  /** With nobody to check when all the rest is done, the sessions that close the catch-up have to do. */
  #letBe(): void {
    if (this.#slices.some(({ state }) => state !== 'stored' && state !== 'closed')) return;
    for (const slice of this.#slices) if (slice.state === 'stored') slice.state = 'closed';
  }

  #settle(slice: Slice): void {
    if (slice.state !== 'fetching' || slice.pending.size > 0) return;
    slice.expected = 0;
    slice.state = slice.checked ? 'closed' : 'stored';
  }

  #cutAt(slice: Slice, end: Bound): void {
    const rest = newSlice(end, slice.upper, Math.max(1, slice.expected - slice.pending.size));
    slice.upper = end;
    this.#slices.splice(this.#slices.indexOf(slice) + 1, 0, this.#shaped(rest));
  }

  /** Parts that differ, small neighbours joined so that each peer gets several slices. */
  #cut(parts: readonly Surveyed[], peers: number): Slice[] {
    const differing = parts.filter(({ differs }) => differs);
    const total = differing.reduce((sum, part) => sum + expectedOf(part), 0);
    const share = Math.ceil(total / (SLICES_A_PEER * Math.max(1, peers)));
    const wanted = Math.min(this.#init.sliceItems, Math.max(MIN_SLICE, share));
    const slices: Slice[] = [];
    for (const part of differing) {
      const expected = expectedOf(part);
      const last = slices.at(-1);
      const joins =
        last !== undefined &&
        compareBounds(last.upper, part.lower) === 0 &&
        last.expected + expected <= wanted;
      if (joins)
        slices[slices.length - 1] = newSlice(last.lower, part.upper, last.expected + expected);
      else slices.push(newSlice(part.lower, part.upper, expected));
    }
    return slices.map((slice) => this.#shaped(slice));
  }

  #shaped(slice: Slice): Slice {
    return slice.expected > this.#init.sliceItems ? { ...slice, state: 'coarse' } : slice;
  }
}

const UNLISTED: ReadonlySet<Slice['state']> = new Set(['coarse', 'open', 'listing']);
/** So many slices for each peer, at least: a slow one does not hold up the end. */
const SLICES_A_PEER = 4;
/** Items below which a slice is not worth a session of its own. */
const MIN_SLICE = 1_024;

function newSlice(lower: Bound, upper: Bound, expected: number): Slice {
  const state = 'open' as const;
  return {
    lower,
    upper,
    expected,
    state,
    lister: null,
    owes: null,
    checked: false,
    failures: 0,
    pending: new Set(),
  };
}

/** By counts alone, so at least: what both sides lack of the other's cancels out. */
function expectedOf({ ours, theirs }: Surveyed): number {
  return Math.max(1, theirs - ours);
}

function missingIn({ state, expected, pending }: Slice): number {
  if (state === 'closed' || state === 'stored') return 0;
  return state === 'fetching' || state === 'checking'
    ? pending.size
    : Math.max(expected, pending.size);
}
