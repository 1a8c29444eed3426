import type { Surveyed } from '../../../protocol/index.ts';
import { type Bound, bytesToKey, compareBounds } from '../../../store/index.ts';
import type { StreamResult } from '../fetching/index.ts';
import {
  cutSlices,
  MAX_SLICE_FAILURES,
  missingIn,
  newSlice,
  type Slice,
  type SliceSizes,
} from './slice.ts';

export interface PlanInit extends SliceSizes {
  /** Ids listed and not stored, over all slices, above which nothing more is listed. */
  maxPending: number;
}

/** A session, or the streaming of a slice, that the plan has for one peer. */
export interface Job {
  readonly kind: 'survey' | 'list' | 'stream' | 'check';
  readonly slice: Slice;
}

const UNLISTED: ReadonlySet<Slice['state']> = new Set(['coarse', 'open', 'listing', 'streaming']);

/** The peer of a next job. */
export interface Idle {
  readonly peer: string;
  /** No other peer can check. */
  readonly alone: boolean;
  /** It can send slices whole. */
  readonly streams: boolean;
}

const STATES: Readonly<Record<Job['kind'], Slice['state']>> = {
  survey: 'listing',
  list: 'listing',
  stream: 'streaming',
  check: 'checking',
};

/** The slices of the key space, in key order, and the next job of each peer. No restart keeps it. */
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

  /** Every slice is listed, so `missing` counts ids and is no estimate from the counts of peers. */
  get allListed(): boolean {
    return this.#slices.every(({ state }) => !UNLISTED.has(state));
  }

  get done(): boolean {
    return this.#slices.every(({ state }) => state === 'closed');
  }

  /** Begins with the parts that a survey of everything has shown; `peers` share the work. */
  begin(parts: readonly Surveyed[], peers: number): void {
    this.#slices = cutSlices(parts, peers, this.#init);
  }

  /** The next job of a peer, or null if it has to wait. */
  next({ peer, alone, streams }: Idle): Job | null {
    if (alone) this.#letBe();
    const toCheck = this.#slices.find(({ state, lister }) => state === 'stored' && lister !== peer);
    if (toCheck !== undefined) return { kind: 'check', slice: toCheck };
    if (this.#pending >= this.#init.maxPending) return null;
    const open = this.#slices.filter(({ state }) => state === 'open' || state === 'coarse');
    const slice = open.find(({ failures, lister }) => failures === 0 || alone || lister !== peer);
    if (slice === undefined) return null;
    if (slice.state === 'coarse') return { kind: 'survey', slice };
    return { kind: streams && slice.streamable ? 'stream' : 'list', slice };
  }

  started({ kind, slice }: Job, peer: string): void {
    slice.state = STATES[kind];
    slice.owes = peer;
    if (kind !== 'check') slice.lister = peer;
  }

  /** Items of a slice came as it is streamed. */
  arrived({ kind, slice }: Job, items: number): void {
    if (kind !== 'stream') return;
    slice.expected = Math.max(0, slice.expected - items);
    this.#came.set(slice.owes!, this.cameFrom(slice.owes!) + items);
  }

  /** All items of the slice below `end` came, and the rest is to be streamed or listed. */
  streamed(slice: Slice, { end, outcome, refused }: StreamResult): void {
    const streamable = (outcome === 'complete' || outcome === 'failed') && !refused;
    if (compareBounds(end, slice.lower) <= 0) {
      slice.streamable = false;
      this.reopen(slice);
      return;
    }
    if (compareBounds(end, slice.upper) < 0) {
      const rest = this.#cutAt(slice, end);
      rest.streamable = streamable;
      if (outcome !== 'complete') {
        rest.lister = slice.owes;
        rest.failures = slice.failures + 1;
      }
    }
    slice.state = 'fetching';
    slice.expected = slice.pending.size;
    this.#settle(slice);
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
    if (active.length === 0) return 0;
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
    // A peer that shows no parts of a slice that differs has few items there: it lists the slice.
    if (parts.length < 2) slice.state = 'open';
    else this.#replace(slice, cutSlices(parts, peers, this.#init));
  }

  /** The slice is listed up to `end`, or to its end. */
  listed(slice: Slice, end: Bound | null): void {
    if (end !== null && compareBounds(end, slice.lower) > 0) this.#cutAt(slice, end);
    slice.state = 'fetching';
    slice.expected = slice.pending.size;
    this.#settle(slice);
  }

  /** A second peer has shown its items in the slice. */
  compared(slice: Slice): void {
    slice.checked = true;
    slice.state = 'fetching';
    this.#settle(slice);
  }

  /** The session of the job failed. */
  failed({ kind, slice }: Job): void {
    if (kind === 'check') {
      this.#forget(slice);
      slice.state = 'stored';
    } else this.reopen(slice);
  }

  /** Nothing of the slice is wanted any more. */
  close(slice: Slice): void {
    this.#forget(slice);
    slice.expected = 0;
    slice.state = 'closed';
  }

  /** The listed items do not come: another peer lists the slice, unless too many have failed. */
  reopen(slice: Slice): void {
    this.#open(slice);
    slice.lister = slice.owes;
    if (++slice.failures > MAX_SLICE_FAILURES) slice.state = 'closed';
  }

  /** The peer has gone: other peers list its slices that are not stored. */
  left(peer: string): void {
    for (const slice of this.#slices) {
      if (slice.owes === peer && slice.state === 'fetching') this.#open(slice);
    }
  }

  #open(slice: Slice): void {
    this.#forget(slice);
    slice.checked = false;
    slice.state = 'open';
  }

  #forget(slice: Slice): void {
    this.#pending -= slice.pending.size;
    slice.pending.clear();
  }

  /** No peer can check and nothing else is left: the closing sessions stand in for the checks. */
  #letBe(): void {
    if (this.#slices.some(({ state }) => state !== 'stored' && state !== 'closed')) return;
    for (const slice of this.#slices) if (slice.state === 'stored') slice.state = 'closed';
  }

  #settle(slice: Slice): void {
    if (slice.state !== 'fetching' || slice.pending.size > 0) return;
    slice.expected = 0;
    slice.state = slice.checked ? 'closed' : 'stored';
  }

  /** Returns the part above `end`, which is open. */
  #cutAt(slice: Slice, end: Bound): Slice {
    const expected = Math.max(1, slice.expected - slice.pending.size);
    const range = { lower: end, upper: slice.upper, expected, held: 0 };
    const rest = { ...newSlice(range, this.#init), streamable: slice.streamable };
    slice.upper = end;
    this.#replace(slice, [slice, rest]);
    return rest;
  }

  #replace(slice: Slice, slices: readonly Slice[]): void {
    this.#slices.splice(this.#slices.indexOf(slice), 1, ...slices);
  }
}
