import { concatBytes } from '../../../../../store/index.ts';
import { boundAt } from '../../shared/index.ts';
import {
  BLIND_DIFFERENCES,
  BLIND_SYMBOLS,
  BRANCHING,
  BRIEF_DIFFERENCES,
  BRIEF_SUMS,
  NARROW_PAIRS,
  SHORT_LIST,
  SKETCH_SUMS,
} from '../constants.ts';
import { type Context, shortIdForm } from '../context.ts';
import {
  idsThatFit,
  listEntries,
  type OwnGroups,
  SketchGroup,
  sendItems,
  sumsOf,
  symbolsFor,
} from '../groups/index.ts';
import { allowedFor } from '../narrowing.ts';
import type { RunRecord, SplitPart } from '../wire/index.ts';
import { inCluster, type NativeWork, type RankedRange, send } from '../work.ts';
import type { Course } from './course.ts';
import { cutsOf, type HintCuts, hintCuts } from './cuts.ts';
import { type Compared, cutDigest, rangeDigest } from './questions.ts';

/** Bytes of a record without its symbols or entries, at most. */
const HEAD_BYTES = 64;

/** A group is sent as symbols, sums alone, short ids, or ids. */
export type GroupKind = 'sketch' | 'probe' | 'list' | 'ids';

/** A range on its way into a group. */
export interface GroupMember {
  readonly range: RankedRange;
  /** Its items, here or at the peer, whichever has more. */
  readonly items: number;
  /** Expected differences; null when unknown. */
  readonly expected: number | null;
  /** The least possible number of differences. */
  readonly least: number;
}

export interface ReplyWriterInit {
  context: Context;
  own: OwnGroups;
  course: Course;
}

/** Writes the answers to the peer's ranges in order; equal answers form runs, and ranges groups. */
export class ReplyWriter {
  readonly #init: ReplyWriterInit;
  #run: RunRecord | null = null;
  #kind: GroupKind = 'sketch';
  /** Members of the group in the making. */
  #members: GroupMember[] = [];
  /** Some range was settled, or will be. */
  settled = false;

  constructor(init: ReplyWriterInit) {
    this.#init = init;
  }

  *say(tag: RunRecord['tag']): NativeWork {
    if (this.#run?.tag === tag) {
      this.#run = { tag, ranges: this.#run.ranges + 1 };
      return;
    }
    yield* this.#flush();
    this.#run = { tag, ranges: 1 };
  }

  *putOff(range: RankedRange, spent: string | null): NativeWork {
    this.#init.course.noteOff(range.lower, spent);
    yield* this.say('later');
  }

  /** Asks for all ids of a range: we announce it, and the peer answers it in full. */
  *want(range: RankedRange): NativeWork {
    this.settled = true;
    yield* this.say('want');
    this.#init.course.announced.push([range]);
  }

  *sendAll(range: RankedRange): NativeWork {
    this.settled = true;
    const { context } = this.#init;
    const { outbox, ledger, snapshot, meter } = context;
    yield* this.finish();
    outbox.push({ tag: 'all' });
    ledger.gaveRange(range.begin, range.end);
    let rank = range.begin;
    do {
      while (outbox.full) yield 'output';
      if (meter.over) yield 'slice';
      const end = Math.min(range.end, rank + idsThatFit(context) - 2);
      meter.spend(end - rank);
      const all = snapshot.ids(rank, end);
      const ids = yield* sendItems({ of: 'piece', group: 0 }, all, context);
      rank = end;
      if (ids.length === 0 && end < range.end) continue;
      const upper = end === range.end ? null : boundAt(snapshot, end);
      yield* send(outbox, { tag: 'piece', upper, ids });
    } while (rank < range.end);
  }

  /** Splits a range of two items or more; puts it off where the peer cannot hold more ranges. */
  *split(range: Compared, most: number = BRANCHING): NativeWork {
    const { context, course } = this.#init;
    const items = range.end - range.begin;
    const count = Math.min(most, items);
    if (course.room < count) {
      const { maxRanges } = context.peer;
      return yield* this.putOff(range, `the peer lets ${maxRanges} ranges await it (maxRanges)`);
    }
    yield* this.finish();
    const cuts = this.#cuts(range);
    yield* cuts === null ? this.#divide(range, count) : this.#cut(range, cuts);
  }

  /** Bounds that are short, where both sides settle, the range is large and the peer can hold the parts. */
  #cuts(range: Compared): HintCuts | null {
    const { context, course } = this.#init;
    const { ours, theirs } = course.settles;
    if (context.version < 3 || !ours || !theirs || range.cluster !== undefined) return null;
    if (course.room < BRANCHING) return null;
    return hintCuts(context.snapshot, range);
  }

  *#cut(range: Compared, { ends, units, shift }: HintCuts): NativeWork {
    const { context, course } = this.#init;
    const digests: Uint8Array[] = [];
    const ranges: RankedRange[] = [];
    let { lower, begin } = range;
    for (const [at, end] of ends.entries()) {
      if (context.meter.over) yield 'slice';
      const unit = units[at];
      const upper = unit === undefined ? range.upper : { hint: unit << BigInt(shift), id: null };
      digests.push(cutDigest(context, begin, end));
      ranges.push({ lower, upper, begin, end });
      [lower, begin] = [upper, end];
    }
    const first = range.lower.hint >> BigInt(shift);
    const steps = units.map((unit, at) => unit - (units[at - 1] ?? first));
    const count = range.end - range.begin;
    const cut = { tag: 'cut', count, shift, steps, digests: concatBytes(...digests) } as const;
    yield* send(context.outbox, cut);
    course.announced.push(ranges);
  }

  *#divide(range: Compared, count: number): NativeWork {
    const { context, course } = this.#init;
    const { outbox, snapshot, meter } = context;
    const parts: SplitPart[] = [];
    const ranges: RankedRange[] = [];
    let { lower, begin } = range;
    for (const end of cutsOf(snapshot, range, count)) {
      if (meter.over) yield 'slice';
      const last = end === range.end;
      const upper = last ? range.upper : boundAt(snapshot, end);
      const digest = rangeDigest(context, begin, end);
      parts.push({ upper: last ? null : upper, count: end - begin, digest });
      ranges.push({ lower, upper, begin, end, ...inCluster(range.cluster) });
      [lower, begin] = [upper, end];
    }
    yield* send(outbox, { tag: 'split', parts });
    course.announced.push(ranges);
  }

  /** Adds a range to the group in the making, or to a new group. */
  *join(kind: GroupKind, member: GroupMember): NativeWork {
    if (this.#members.length > 0 && (kind !== this.#kind || this.#isFull(member))) {
      yield* this.#close();
    }
    yield* this.say('take');
    this.#kind = kind;
    this.#members.push(member);
  }

  /** Sends the run and the group in the making. */
  *finish(): NativeWork {
    yield* this.#close();
    yield* this.#flush();
  }

  #isFull({ items, expected }: GroupMember): boolean {
    const { limits, peer } = this.#init.context;
    const all = items + total(this.#members, (member) => member.items);
    if (this.#kind === 'probe') return true;
    if (this.#kind !== 'sketch') return all > SHORT_LIST;
    const known = expectedIn(this.#members);
    if (known === null || expected === null || known >= limits.groupDifferences) return true;
    return all > Math.min(limits.maxGroupItems, peer.maxHeldItems >>> 2);
  }

  *#flush(): NativeWork {
    const { outbox } = this.#init.context;
    while (outbox.full) yield 'output';
    if (this.#run !== null) outbox.push(this.#run);
    this.#run = null;
  }

  *#close(): NativeWork {
    const members = this.#members;
    if (members.length === 0) return;
    const kind = this.#kind;
    this.#members = [];
    this.settled = true;
    yield* this.#flush();
    const weight = total(members, ({ items }) => items);
    yield* this.#room(weight);
    const narrow = kind === 'sketch' && isNarrow(members, weight);
    const form = shortIdForm(this.#init.context, narrow);
    const group = new SketchGroup(
      members.map(({ range }) => range),
      form,
    );
    const listed = kind === 'list' || kind === 'ids';
    yield* group.read(this.#init.context, !listed);
    if (listed) yield* this.#list(group, weight, kind === 'ids');
    else if (kind === 'probe') yield* this.#probe(group, weight);
    else yield* this.#sketch(group, weight, members);
  }

  *#sketch(group: SketchGroup, weight: number, members: readonly GroupMember[]): NativeWork {
    const { context, own } = this.#init;
    const { outbox, limits } = context;
    const expected = expectedIn(members);
    const least = total(members, (member) => member.least);
    const guess =
      expected === null
        ? BLIND_SYMBOLS
        : symbolsFor(Math.max(allowedFor(expected, context.link), least));
    const most = Math.floor((outbox.maxFrameBytes - HEAD_BYTES) / 8);
    const count = Math.min(guess, limits.maxSymbols, most);
    yield* group.prepare(context, count);
    own.add(group, { weight, symbols: count, list: null });
    const brief = context.version > 2 && Math.max(expected ?? Infinity, least) <= BRIEF_DIFFERENCES;
    const sums = sumsOf(group.buckets, brief ? BRIEF_SUMS : SKETCH_SUMS);
    const symbols = group.symbolBytes(0, count);
    const { items, narrow } = group;
    yield* send(outbox, { tag: 'sketch', count: items, sums, ...(narrow && { narrow }), symbols });
  }

  *#probe(group: SketchGroup, weight: number): NativeWork {
    const { context, own } = this.#init;
    own.add(group, { weight, symbols: 0, list: null });
    const sums = sumsOf(group.buckets, group.buckets.length);
    yield* send(context.outbox, { tag: 'probe', count: group.items, sums });
  }

  *#list(group: SketchGroup, weight: number, named: boolean): NativeWork {
    const { context, own } = this.#init;
    const { outbox } = context;
    const list = listEntries(group, context, named);
    own.add(group, { weight, symbols: 0, list });
    const { width, entries } = list;
    const most = width * Math.floor((outbox.maxFrameBytes - HEAD_BYTES) / width);
    let at = 0;
    do {
      const some = entries.subarray(at, at + most);
      at += some.length;
      yield* send(outbox, { tag: 'list', last: at === entries.length, width, entries: some });
    } while (at < entries.length);
  }

  /** Waits until both sides may hold so many more items. */
  *#room(items: number): NativeWork {
    const { own, context } = this.#init;
    const most = Math.min(context.limits.maxHeldItems, context.peer.maxHeldItems) >>> 1;
    const groups = Math.min(context.limits.maxGroups, context.peer.maxGroups);
    while (own.open > 0 && (own.open >= groups || own.held + items > most)) yield 'wait';
  }
}

/** Whether 32 bits tell the items of a group apart, in nearly all groups like it. */
function isNarrow(members: readonly GroupMember[], items: number): boolean {
  const least = total(members, (member) => member.least);
  const differences = Math.max(expectedIn(members) ?? BLIND_DIFFERENCES, least);
  return items * differences <= NARROW_PAIRS;
}

function expectedIn(members: readonly GroupMember[]): number | null {
  return members.reduce<number | null>(
    (sum, { expected }) => (sum === null || expected === null ? null : sum + expected),
    0,
  );
}

function total(members: readonly GroupMember[], of: (member: GroupMember) => number): number {
  return members.reduce((sum, member) => sum + of(member), 0);
}
