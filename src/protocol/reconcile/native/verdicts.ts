import type { Bound } from '../../../store/index.ts';
import type { Surveyed } from '../dialect.ts';
import { type Asked, type AskedRange, type Compared, compare, rangeDigest } from './asked.ts';
import { boundAt } from './bounds.ts';
import { BLIND_SYMBOLS, BRANCHING, LIST_WIDTH, MAX_LISTED } from './constants.ts';
import { type Context, locate, type Range, type Work } from './context.ts';
import { expectedPerRange, type Predictor, sketchBytes, symbolsFor } from './estimate.ts';
import { Group } from './group.ts';
import { listEntries } from './lists.ts';
import { idsThatFit, type OwnGroups } from './own-groups.ts';
import type { PeerGroup, PeerGroups } from './peer-groups.ts';
import type { RunRecord, SplitPart } from './records.ts';

/** Differences an item from which a list of ids is cheaper than one of short ids. */
const WORTH_NAMING = 0.7;
/** Items that are listed when symbols did not do, whatever differs. */
const FEW = 256;
/** Differences for which `BLIND_SYMBOLS` are sent. */
const BLIND_DIFFERENCES = 8;
/** Items that are listed rather than narrowed any further. */
const FEWEST = 32;

export interface VerdictsInit {
  context: Context;
  predictor: Predictor;
  own: OwnGroups;
  peers: PeerGroups;
  /** Called with ranges that we announce, and with those put off. */
  announced: (ranges: readonly Range[]) => void;
  putOff: (lower: Bound) => void;
  /** How many more ranges we may announce. */
  roomForRanges: () => number;
  /** Nothing more may be begun. */
  spent: () => boolean;
  /** Whether either side settles what differs. */
  settles: { readonly ours: boolean; readonly theirs: boolean };
  /** Called with the parts that the peer told us of, when nothing is to be settled. */
  surveyed: (part: Surveyed) => void;
}

/** Members of the group in the making. */
interface Draft {
  ranges: Range[];
  /** Items there, here and at the peer's, the larger. */
  items: number;
  /** Differences expected, or null when nothing is known. */
  expected: number | null;
  least: number;
}

/** Answers the peer's ranges, in the order they came: equal, split, settled, or put off. */
export class Verdicts {
  readonly #init: VerdictsInit;
  readonly #queue: Asked[] = [];
  #run: RunRecord | null = null;
  #draft: Draft = emptyDraft();
  #current: readonly AskedRange[] = [];
  #busy = false;
  /** Some range was settled; one of the ranges at hand may go on in any case. */
  #settledAny = false;
  #graced = false;

  constructor(init: VerdictsInit) {
    this.#init = init;
  }

  get idle(): boolean {
    return this.#queue.length === 0 && !this.#busy;
  }

  /** Ranges that are still to be answered. */
  *unanswered(): Iterable<{ readonly lower: Bound }> {
    yield* this.#current;
    for (const asked of this.#queue)
      yield* asked.kind === 'retry' ? asked.group.group.ranges : asked.ranges;
  }

  push(asked: Asked): void {
    this.#queue.push(asked);
  }

  *run(): Work {
    this.#busy = true;
    for (let asked = this.#queue.shift(); asked !== undefined; asked = this.#queue.shift()) {
      if (asked.kind === 'retry') yield* this.#retry(asked.group);
      else if (asked.kind === 'full') yield* this.#full(asked.ranges);
      else if (asked.kind === 'same') yield* this.#same();
      else yield* this.#compare(asked.ranges);
      this.#current = [];
      this.#graced = false;
    }
    this.#busy = false;
  }

  *#compare(ranges: readonly AskedRange[]): Work {
    const { context } = this.#init;
    this.#current = ranges;
    const compared: Compared[] = [];
    for (const range of ranges) {
      if (context.meter.over) yield 'slice';
      compared.push(compare(context, range));
    }
    const differing = compared.filter((range) => range.differs).length;
    const each = expectedPerRange(ranges.length, differing);
    for (const [at, range] of compared.entries()) {
      this.#current = ranges.slice(at);
      if (!this.#init.settles.ours) this.#note(range);
      if (!range.differs) yield* this.#say('same');
      else if (!this.#init.settles.ours) yield* this.#putOff(range);
      else if (!this.#init.settles.theirs) yield* this.#show(range);
      else if (range.narrow && 4 * differing <= ranges.length) yield* this.#narrow(range);
      else yield* this.#settle(range, each);
    }
    yield* this.#close();
    yield* this.#flush();
  }

  /** To a peer that settles nothing: where what differs lies, as far as one split tells. */
  *#show(range: Compared): Work {
    yield* range.end - range.begin < 2 ? this.#putOff(range) : this.#split(range);
  }

  #note({ lower, upper, begin, end, theirs, differs }: Compared): void {
    if (theirs !== null) this.#init.surveyed({ lower, upper, ours: end - begin, theirs, differs });
  }

  /** A group that was not decoded: its ranges are ours to answer, in another way. */
  *#retry(peer: PeerGroup): Work {
    const { context, peers } = this.#init;
    while (context.outbox.full) yield 'output';
    context.outbox.push({ tag: 'fail', group: peer.number });
    peers.abandon(peer);
    this.#current = peer.group.ranges.map(({ lower, upper }) => ({
      lower,
      upper,
      theirs: peer.count,
      digest: null,
    }));
    const density = peer.estimate! / Math.max(1, peer.group.items + peer.count!);
    for (const range of peer.group.ranges) {
      const again = { ...range, theirs: peer.count, differs: true, narrow: true };
      yield* this.#settleAgain(again, density);
    }
    yield* this.#flush();
  }

  /** What differs has been found to lie close together, and does so still. */
  *#narrow(range: Compared): Work {
    const ours = range.end - range.begin;
    if (this.#init.spent() && !this.#grace()) return yield* this.#putOff(range);
    if (ours === 0) return yield* this.#want(range);
    if (range.theirs === 0) return yield* this.#sendAll(range);
    yield* ours <= FEWEST ? this.#list(range) : this.#split(range);
  }

  /** Symbols did not do: what is small is listed, the rest is narrowed. */
  *#settleAgain(range: Compared, density: number): Work {
    const ours = range.end - range.begin;
    if (this.#init.spent() && !this.#grace()) return yield* this.#putOff(range);
    if (ours === 0) return yield* this.#want(range);
    if (ours <= FEW) return yield* this.#list(range, density > WORTH_NAMING);
    yield* this.#split(range);
  }

  /** Both roots are equal: the proofs will tell. */
  *#same(): Work {
    yield* this.#say('same');
    yield* this.#flush();
  }

  *#full(ranges: readonly AskedRange[]): Work {
    this.#current = ranges;
    for (const asked of ranges) {
      yield* this.#sendAll(locate(this.#init.context, asked));
    }
  }

  /** Chooses how a range that differs goes on; `each` differences are expected, null is unknown. */
  *#settle(range: Compared, each: number | null): Work {
    const { context, predictor, spent } = this.#init;
    const { limits, peer } = context;
    const ours = range.end - range.begin;
    const theirs = range.theirs ?? ours;
    const largest = Math.max(ours, theirs);
    const expected = predictor.expect(largest) ?? each;
    const least = Math.max(1, Math.abs(ours - theirs));
    if (spent() && !this.#grace()) return yield* this.#putOff(range);
    if (ours === 0 && theirs > 0) return yield* this.#want(range);
    if (theirs === 0) return yield* this.#sendAll(range);
    const bytes = sketchBytes(Math.max(least, expected ?? BLIND_DIFFERENCES));
    const dense = (expected ?? 0) > WORTH_NAMING * (ours + theirs);
    if (ours <= MAX_LISTED && LIST_WIDTH * ours < bytes) return yield* this.#list(range, dense);
    const bound = Math.min(
      2 * limits.maxRangeItems,
      peer.maxHeldItems >>> 2,
      limits.maxHeldItems >>> 2,
    );
    const many = symbolsFor(Math.max(least, expected ?? 1)) > limits.maxSymbols;
    if (many || ours > limits.maxRangeItems || largest > bound) return yield* this.#split(range);
    yield* this.#draw(range, largest, expected, least);
  }

  /** One range goes on though the budget is spent, until one was settled: or the next session starts here again. */
  #grace(): boolean {
    const granted = !this.#settledAny && !this.#graced;
    this.#graced = true;
    return granted;
  }

  *#say(tag: RunRecord['tag']): Work {
    if (this.#run?.tag === tag) {
      this.#run = { tag, ranges: this.#run.ranges + 1 };
      return;
    }
    yield* this.#flush();
    this.#run = { tag, ranges: 1 };
  }

  *#flush(): Work {
    const { outbox } = this.#init.context;
    while (outbox.full) yield 'output';
    if (this.#run !== null) outbox.push(this.#run);
    this.#run = null;
  }

  *#putOff(range: Range): Work {
    this.#init.putOff(range.lower);
    yield* this.#say('later');
  }

  /** The peer sends all it has there; from now on it is the one to answer the range. */
  *#want(range: Range): Work {
    this.#settledAny = true;
    yield* this.#say('want');
    this.#init.announced([range]);
  }

  *#sendAll(range: Range): Work {
    this.#settledAny = true;
    const { context } = this.#init;
    const { outbox, ledger, snapshot, meter } = context;
    yield* this.#close();
    yield* this.#flush();
    outbox.push({ tag: 'all' });
    ledger.gaveRange(range.begin, range.end);
    let rank = range.begin;
    do {
      while (outbox.full) yield 'output';
      if (meter.over) yield 'slice';
      const end = Math.min(range.end, rank + Math.max(1, idsThatFit(context) - 2));
      const upper = end === range.end ? null : boundAt(snapshot, end);
      outbox.push({ tag: 'piece', upper, ids: snapshot.ids(rank, end) });
      meter.spend(end - rank);
      rank = end;
    } while (rank < range.end);
  }

  *#split(range: Compared): Work {
    const { context, announced, roomForRanges } = this.#init;
    const { outbox, snapshot, meter } = context;
    const count = Math.min(BRANCHING, range.end - range.begin);
    if (count < 2) return yield* this.#list(range);
    if (roomForRanges() < count) return yield* this.#putOff(range);
    yield* this.#close();
    yield* this.#flush();
    const parts: SplitPart[] = [];
    const ranges: Range[] = [];
    let { lower, begin } = range;
    for (let i = 1; i <= count; i++) {
      if (meter.over) yield 'slice';
      const end =
        i === count ? range.end : range.begin + Math.floor((i * (range.end - range.begin)) / count);
      const upper = i === count ? range.upper : boundAt(snapshot, end);
      parts.push({
        upper: i === count ? null : upper,
        count: end - begin,
        digest: rangeDigest(context, begin, end),
      });
      ranges.push({ lower, upper, begin, end, narrow: range.narrow === true });
      [lower, begin] = [upper, end];
    }
    while (outbox.full) yield 'output';
    outbox.push({ tag: 'split', parts });
    announced(ranges);
  }

  *#list(range: Compared, dense = false): Work {
    this.#settledAny = true;
    const { context, own } = this.#init;
    const { outbox } = context;
    yield* this.#close();
    yield* this.#say('take');
    yield* this.#flush();
    const group = new Group([range]);
    const weight = Math.max(group.items, range.theirs ?? 0);
    yield* this.#room(weight);
    yield* group.read(context, false);
    const list = listEntries(group, context, dense);
    own.add(group, { weight, symbols: 0, list });
    const { width, entries } = list;
    const most = width * Math.floor((outbox.maxFrameBytes - 24) / width);
    let at = 0;
    do {
      while (outbox.full) yield 'output';
      const some = entries.subarray(at, at + most);
      at += some.length;
      outbox.push({ tag: 'list', last: at === entries.length, width, entries: some });
    } while (at < entries.length);
  }

  /** Puts a range into the group in the making, after closing that where it is full. */
  *#draw(range: Range, items: number, expected: number | null, least: number): Work {
    const { limits, peer } = this.#init.context;
    const draft = this.#draft;
    const full =
      draft.ranges.length > 0 &&
      (draft.expected === null ||
        expected === null ||
        draft.expected >= limits.groupDifferences ||
        draft.items + items > Math.min(limits.maxGroupItems, peer.maxHeldItems >>> 2));
    if (full) yield* this.#close();
    yield* this.#say('take');
    this.#draft.ranges.push(range);
    this.#draft.items += items;
    this.#draft.least += least;
    this.#draft.expected =
      expected === null || this.#draft.expected === null ? null : this.#draft.expected + expected;
  }

  /** Sends the group in the making, if there is one. */
  *#close(): Work {
    const { context, own } = this.#init;
    const { outbox, limits } = context;
    const draft = this.#draft;
    if (draft.ranges.length === 0) return;
    this.#draft = emptyDraft();
    this.#settledAny = true;
    yield* this.#flush();
    const group = new Group(draft.ranges);
    yield* this.#room(draft.items);
    yield* group.read(context, true);
    const guess =
      draft.expected === null ? BLIND_SYMBOLS : symbolsFor(Math.max(draft.expected, draft.least));
    const most = Math.floor((outbox.maxFrameBytes - 64) / 8);
    const symbols = Math.min(guess, limits.maxSymbols, most);
    yield* group.prepare(context, symbols);
    while (outbox.full) yield 'output';
    own.add(group, { weight: draft.items, symbols, list: null });
    outbox.push({
      tag: 'sketch',
      count: group.items,
      buckets: group.bucketBytes(),
      symbols: group.symbolBytes(0, symbols),
    });
  }

  /** Waits until so many more items may be held, here and at the peer's. */
  *#room(items: number): Work {
    const { own, context } = this.#init;
    const most = Math.min(context.limits.maxHeldItems, context.peer.maxHeldItems) >>> 1;
    const groups = Math.min(context.limits.maxGroups, context.peer.maxGroups);
    while (own.open > 0 && (own.open >= groups || own.held + items > most)) yield 'wait';
  }
}

function emptyDraft(): Draft {
  return { ranges: [], items: 0, expected: 0, least: 0 };
}
