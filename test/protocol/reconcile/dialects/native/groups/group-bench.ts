import type { PeerGroup } from '../../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import {
  listEntries,
  OwnGroups,
  PeerGroups,
  Predictor,
  SketchGroup,
  sumsOf,
} from '../../../../../../src/protocol/reconcile/dialects/native/groups/index.ts';
import type {
  Context,
  NativeWork,
  RankedRange,
} from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import { shortIdForm } from '../../../../../../src/protocol/reconcile/dialects/native/testing.ts';
import type {
  FoundRecord,
  NativeRecord,
} from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { INFINITE_BOUND, type ItemKey, ZERO_BOUND } from '../../../../../../src/store/index.ts';
import { type ContextInit, contextOf, perform } from '../puppet.ts';
import { snapshotOf } from '../support.ts';

/** A range of ranks, wherever it lies. */
export function rangeOf(begin: number, end: number): RankedRange {
  return { lower: ZERO_BOUND, upper: INFINITE_BOUND, begin, end };
}

/** Groups of ours over real items, and the peer's records by hand. */
export class OwnBench {
  readonly context: Context;
  readonly predictor: Predictor = new Predictor();
  readonly own: OwnGroups;
  readonly #later: NativeWork[] = [];

  constructor(init: ContextInit) {
    this.context = contextOf({ version: 2, ...init });
    const later = (work: NativeWork): void => void this.#later.push(work);
    this.own = new OwnGroups({ context: this.context, predictor: this.predictor, later });
  }

  /** Sends a group of [begin, end) with so many symbols, or as a list. */
  add(
    begin: number,
    end: number,
    kind: number | 'list' | 'ids',
    weight: number = end - begin,
  ): SketchGroup {
    const group = new SketchGroup([rangeOf(begin, end)], shortIdForm(this.context, false));
    perform(this.context, group.read(this.context, true));
    const list = typeof kind === 'number' ? null : listEntries(group, this.context, kind === 'ids');
    this.own.add(group, { weight, symbols: typeof kind === 'number' ? kind : 0, list });
    return group;
  }

  /** Does what was put off. */
  work(): NativeRecord[] {
    return this.#later.splice(0).flatMap((work) => perform(this.context, work).said);
  }

  found(prefixes: Uint8Array, change: Partial<FoundRecord> = {}): void {
    this.own.found({
      tag: 'found',
      group: 0,
      last: true,
      gives: false,
      width: 8,
      prefixes,
      ...change,
    });
  }

  match(bits: number[], gives = false): NativeRecord[] {
    const work = this.own.match({ tag: 'match', group: 0, gives, bits: Uint8Array.from(bits) });
    return [...(work === null ? [] : perform(this.context, work).said), ...this.work()];
  }

  give(ids: Uint8Array, last: boolean): void {
    perform(this.context, this.own.give({ tag: 'give', group: 0, last, ids }));
  }

  get state(): [open: number, held: number] {
    return [this.own.open, this.own.held];
  }
}

/** Groups of a peer that holds `theirs`, over ours. */
export class PeerBench {
  readonly context: Context;
  readonly predictor: Predictor = new Predictor();
  readonly peers: PeerGroups;
  readonly failed: PeerGroup[] = [];
  readonly #later: NativeWork[] = [];

  constructor(init: ContextInit) {
    this.context = contextOf({ version: 2, ...init });
    this.peers = new PeerGroups({
      context: this.context,
      predictor: this.predictor,
      fail: (group) => this.failed.push(group),
      later: (work) => this.#later.push(work),
    });
  }

  /** Does what was put off, and what that puts off. */
  work(): NativeRecord[] {
    const said: NativeRecord[] = [];
    for (let work = this.#later.shift(); work !== undefined; work = this.#later.shift()) {
      said.push(...perform(this.context, work).said);
    }
    return said;
  }

  /** The group of somebody with these items, with symbols made. */
  group(theirs: readonly ItemKey[], symbols = 64, narrow = false): SketchGroup {
    const context = { ...this.context, snapshot: snapshotOf(theirs) };
    const group = new SketchGroup([rangeOf(0, theirs.length)], shortIdForm(context, narrow));
    perform(this.context, group.read(context, true));
    perform(this.context, group.prepare(context, symbols));
    return group;
  }

  sketch(
    theirs: readonly ItemKey[],
    symbols: number,
    count: number = theirs.length,
    sums?: Uint8Array,
  ): SketchGroup {
    const group = this.group(theirs, 4_095);
    this.peers.sketch([rangeOf(0, this.context.snapshot.size)], {
      tag: 'sketch',
      count,
      sums: sums ?? sumsOf(group.buckets, 32),
      symbols: group.symbolBytes(0, symbols),
    });
    return group;
  }

  symbols(symbols: Uint8Array): void {
    this.peers.symbols({ tag: 'symbols', group: 0, symbols });
  }

  list(
    entries: Uint8Array,
    width: number,
    last = true,
    ranges: readonly RankedRange[] = [rangeOf(0, 9)],
  ): void {
    this.peers.list(() => ranges, { tag: 'list', last, width, entries });
  }

  grant(ids: Uint8Array, last = true): void {
    perform(this.context, this.peers.grant({ tag: 'grant', group: 0, last, ids }));
  }
}
