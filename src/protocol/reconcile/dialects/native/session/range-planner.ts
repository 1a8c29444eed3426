import type { Bound } from '../../../../../store/index.ts';
import { BLIND_DIFFERENCES, BRANCHING, LIST_WIDTH, MAX_LISTED } from '../constants.ts';
import { locate } from '../context.ts';
import type { PeerGroup, PeerGroups } from '../groups/index.ts';
import { expectedPerRange, type Predictor, sketchBytes, symbolsFor } from '../groups/index.ts';
import { isHasty, partsWorth } from '../narrowing.ts';
import { type NativeWork, send } from '../work.ts';
import { type AskedRange, type Compared, compare, type Question, shareLeast } from './questions.ts';
import { type GroupKind, ReplyWriter, type ReplyWriterInit } from './reply-writer.ts';

/** From so many differences an item on, a list of ids is cheaper than a list of short ids. */
const WORTH_NAMING = 0.7;
/** Items that are listed when symbols failed and much differs. */
const FEW = 256;
/** Items that are listed rather than narrowed further. */
const FEWEST = 32;
/** At most one in so many parts differs: the differences of a cluster still lie close together. */
const CLOSE = 4;
/** From so many differences an item on, a probe for whether all differ pays more than narrowing. */
const WORTH_PROBING = 0.25;
/** Ranges of several splits that are compared together, at most: they tell more of the differences. */
const TOGETHER = 4_096;
/** From so many ranges on it means something that all of them differ. */
const TELLING = 64;
/** The same where bytes are dear: a guess that is too low costs a round trip alone. */
const TELLING_FRUGAL = 8;

export interface RangePlannerInit extends ReplyWriterInit {
  predictor: Predictor;
  /** The groups that this side decodes. */
  peers: Pick<PeerGroups, 'drop'>;
}

/** Chooses the answers to the peer's ranges in their order: equal, split, settled, put off. */
export class RangePlanner {
  readonly #init: RangePlannerInit;
  readonly #writer: ReplyWriter;
  readonly #queue: Question[] = [];
  #current: readonly AskedRange[] = [];
  /** Ranges of `#current` that have their answers. */
  #answered = 0;
  #graced = false;

  constructor(init: RangePlannerInit) {
    this.#init = init;
    this.#writer = new ReplyWriter(init);
  }

  /** No question waits; `run` may still work on the last. */
  get idle(): boolean {
    return this.#queue.length === 0;
  }

  *unanswered(): Iterable<{ readonly lower: Bound }> {
    for (let at = this.#answered; at < this.#current.length; at++) yield this.#current[at]!;
    for (const asked of this.#queue)
      yield* asked.kind === 'retry' ? asked.group.group.ranges : asked.ranges;
  }

  push(asked: Question): void {
    this.#queue.push(asked);
  }

  /** Gives up all questions. The work of `run` is not carried on. */
  clear(): void {
    this.#queue.length = 0;
    this.#current = [];
    this.#answered = 0;
  }

  *run(): NativeWork {
    for (let asked = this.#next(); asked !== undefined; asked = this.#next()) {
      if (asked.kind === 'retry') yield* this.#retry(asked.group);
      else if (asked.kind === 'full') yield* this.#full(asked.ranges);
      else if (asked.kind === 'same') yield* this.#writer.say('same');
      else yield* this.#compare(asked.ranges);
      yield* this.#writer.finish();
      this.#current = [];
      this.#answered = 0;
      this.#graced = false;
    }
  }

  /** The next question, or several that can be answered as one. */
  #next(): Question | undefined {
    const first = this.#queue.shift();
    if (first === undefined || !isPlain(first)) return first;
    const ranges = [...first.ranges];
    for (let next = this.#queue[0]; next !== undefined && isPlain(next); next = this.#queue[0]) {
      if (ranges.length + next.ranges.length > TOGETHER) break;
      if (next.ranges[0]?.rough !== ranges[0]?.rough) break;
      ranges.push(...next.ranges);
      this.#queue.shift();
    }
    return { kind: 'compare', ranges };
  }

  *#compare(ranges: readonly AskedRange[]): NativeWork {
    const { context, course } = this.#init;
    const { settles } = course;
    this.#current = ranges;
    const known: Compared[] = [];
    for (const range of ranges) {
      if (context.meter.over) yield 'slice';
      known.push(compare(context, range));
    }
    const compared = shareLeast(ranges, known);
    const differing = compared.filter((range) => range.differs);
    const density = densityOf(differing);
    const close = CLOSE * differing.length <= ranges.length || (density ?? 0) > WORTH_PROBING;
    const plan =
      density === null
        ? this.#plan(ranges.length, differing)
        : { each: ranges[0]!.cluster!.differences! / differing.length, parts: 1 };
    for (const [at, range] of compared.entries()) {
      this.#answered = at;
      if (!settles.ours) this.#survey(range);
      if (!range.differs) {
        yield* this.#writer.say('same');
      } else if (!settles.ours) {
        yield* this.#writer.putOff(range, null);
      } else if (!settles.theirs) {
        yield* this.#show(range);
      } else if (range.cluster !== undefined && close) {
        const within = [at - 1, at + 1].every((next) => compared[next]?.differs !== false);
        yield* this.#narrow(range, density, within);
      } else {
        yield* this.#settle(range, plan);
      }
    }
  }

  /** What to expect of ranges that differ, and how to answer them. */
  #plan(ranges: number, differing: readonly Compared[]): AnswerPlan {
    const { context, predictor } = this.#init;
    const { link } = context;
    const items = differing.reduce((sum, range) => sum + sizesOf(range).largest, 0);
    const known = expectedPerRange(ranges, differing.length);
    // The probability that all differ is one half where each holds so many differences.
    const likely = Math.max(1, Math.log(ranges / Math.LN2));
    const telling = isHasty(link) ? TELLING : TELLING_FRUGAL;
    const each = known ?? (ranges >= telling ? likely : null);
    const crowded = known === null && ranges >= TELLING;
    if (items === 0 || crowded || differing[0]?.cluster !== undefined) return { each, parts: 1 };
    const average = items / differing.length;
    const expected = predictor.expect(average) ?? known ?? likely;
    const alike = { ranges: differing.length, items, each: Math.max(1, expected) };
    const parts = partsWorth(alike, link);
    // As many parts as possible tell how many differences there are.
    return { each, parts: known === null && parts > 1 ? BRANCHING : parts };
  }

  /** Shows a surveying peer the places of differences, as far as one split tells. */
  *#show(range: Compared): NativeWork {
    if (range.end - range.begin < 2) yield* this.#writer.putOff(range, null);
    else yield* this.#writer.split(range);
  }

  #survey({ lower, upper, begin, end, theirs, differs }: Compared): void {
    const { survey } = this.#init.course;
    if (theirs !== null) survey.push({ lower, upper, ours: end - begin, theirs, differs });
  }

  /** The ranges of a group that was not decoded get another answer. */
  *#retry(peer: PeerGroup): NativeWork {
    const { context, peers } = this.#init;
    const differences = Math.round(peer.estimate!);
    yield* send(context.outbox, { tag: 'fail', group: peer.number, differences });
    peers.drop(peer);
    this.#current = peer.group.ranges.map(({ lower, upper }) => ({
      lower,
      upper,
      theirs: peer.count,
      digest: null,
    }));
    const density = peer.estimate! / Math.max(1, peer.group.items + peer.count!);
    const cluster = { differences: peer.group.ranges.length === 1 ? peer.estimate : null };
    for (const range of peer.group.ranges) {
      const again = { ...range, theirs: peer.count, differs: true, cluster, least: 1 };
      yield* this.#settleAgain(again, density, peer.words.length === 0);
    }
  }

  *#full(ranges: readonly AskedRange[]): NativeWork {
    this.#current = ranges;
    for (const asked of ranges) yield* this.#writer.sendAll(locate(this.#init.context, asked));
  }

  /** Narrows a cluster. `within`: not at its edges, so that everything may differ; ids are cheaper then. */
  *#narrow(range: Compared, density: number | null, within: boolean): NativeWork {
    if (yield* this.#oneSided(range)) return;
    const ours = range.end - range.begin;
    const dense = within ? (density ?? 1) : 0;
    if (ours <= FEWEST) return yield* this.#join(dense > WORTH_NAMING ? 'ids' : 'list', range);
    if (dense > WORTH_PROBING && ours <= MAX_LISTED) return yield* this.#join('probe', range);
    const { largest } = sizesOf(range);
    const differences = density === null ? null : density * 2 * largest;
    yield* this.#split({ ...range, cluster: { differences } });
  }

  /** Symbols failed: small and completely different ranges are listed, others narrowed. */
  *#settleAgain(range: Compared, density: number, probed: boolean): NativeWork {
    if (yield* this.#oneSided(range)) return;
    const ours = range.end - range.begin;
    if (density > WORTH_NAMING && ours <= MAX_LISTED) return yield* this.#join('ids', range);
    const few = density > WORTH_PROBING && !probed ? FEW : FEWEST;
    yield* ours <= few ? this.#join('list', range) : this.#split(range);
  }

  /** Answers a range that differs. */
  *#settle(range: Compared, { each, parts }: AnswerPlan): NativeWork {
    if (yield* this.#oneSided(range)) return;
    const { context, predictor, course } = this.#init;
    const { limits, peer } = context;
    const { ours, theirs, largest } = sizesOf(range);
    const expected = predictor.expect(largest) ?? each;
    const { least } = range;
    const bytes = sketchBytes(Math.max(least, expected ?? BLIND_DIFFERENCES));
    const dense = (expected ?? 0) > WORTH_NAMING * (ours + theirs);
    if (ours <= MAX_LISTED && LIST_WIDTH * ours < bytes)
      return yield* this.#join(dense ? 'ids' : 'list', range);
    const bound = Math.min(peer.maxHeldItems, limits.maxHeldItems) >>> 2;
    const many = symbolsFor(Math.max(least, expected ?? 1)) > limits.maxSymbols;
    if (many || ours > limits.maxRangeItems || largest > bound) return yield* this.#split(range);
    const narrows = parts > 1 && ours > 2 * parts && course.room >= parts;
    if (narrows) return yield* this.#writer.split(range, parts);
    yield* this.#writer.join('sketch', { range, items: largest, expected, least });
  }

  /** Answers a range that must be put off, or is empty on one side. */
  *#oneSided(range: Compared): NativeWork<boolean> {
    const { spent } = this.#init.course;
    if (spent !== null && !this.#grace()) yield* this.#writer.putOff(range, spent);
    else if (range.theirs === 0) yield* this.#writer.sendAll(range);
    else if (range.begin === range.end) yield* this.#writer.want(range);
    else return false;
    return true;
  }

  *#split(range: Compared): NativeWork {
    if (range.end - range.begin < 2) yield* this.#join('list', range);
    else yield* this.#writer.split(range);
  }

  #join(kind: GroupKind, range: Compared): NativeWork {
    // A peer that takes items needs no ids of them.
    const named = kind === 'ids' && this.#init.context.outbound.open;
    return this.#writer.join(named ? 'list' : kind, {
      range,
      items: sizesOf(range).largest,
      expected: null,
      least: 1,
    });
  }

  /** One range is allowed beyond a spent budget: a session that settles nothing would be repeated. */
  #grace(): boolean {
    const granted = !this.#writer.settled && !this.#graced;
    this.#graced = true;
    return granted;
  }
}

/** How ranges that differ are answered. */
interface AnswerPlan {
  /** Differences expected in each; null when unknown. */
  readonly each: number | null;
  /** Parts that each is split into; 1 where all are settled. */
  readonly parts: number;
}

type PlainQuestion = Extract<Question, { kind: 'compare' }>;

/** It asks for ranges of which nothing is known but their digests. */
function isPlain(asked: Question): asked is PlainQuestion {
  return asked.kind === 'compare' && asked.ranges[0]?.cluster === undefined;
}

/** Differences an item in the differing ranges of a cluster; null when unknown. */
function densityOf(differing: readonly Compared[]): number | null {
  const differences = differing[0]?.cluster?.differences ?? null;
  if (differences === null) return null;
  return (
    differences / differing.reduce((sum, { begin, end, theirs }) => sum + end - begin + theirs!, 0)
  );
}

function sizesOf({ begin, end, theirs }: Compared) {
  const ours = end - begin;
  return { ours, theirs: theirs ?? ours, largest: Math.max(ours, theirs ?? ours) };
}
