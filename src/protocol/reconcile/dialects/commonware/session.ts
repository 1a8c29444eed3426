import {
  type Bound,
  type Bytes,
  bytesToKey,
  compareBounds,
  equalBytes,
  ID_BYTES,
  INFINITE_BOUND,
  ZERO_BOUND,
} from '../../../../store/index.ts';
import { sameRole } from '../../../errors.ts';
import type { Interval, Step } from '../../dialect.ts';
import { intersection, isEmpty, sameInterval } from '../../interval.ts';
import type { FingerprintRange, ListRange, MessageRange } from '../shared/index.ts';
import { type Slices, TurnSession, type TurnSessionInit } from '../shared/index.ts';
import { readMessage } from './codec.ts';
import { DEFAULT_MAX_INTERVALS, MAX_FINGERPRINT_COST } from './constants.ts';
import { IntervalSet, type Located, locate } from './intervals.ts';
import { Reply } from './reply.ts';

export interface CommonwareSessionInit extends TurnSessionInit {
  branchingFactor: number;
  /** What this side accepts, or what of it was asked for. */
  interval: Interval;
  /** It is all that this side accepts. */
  whole: boolean;
  /**
   * Listed intervals remembered; beyond it only those of the last message. Lowering it costs bytes,
   * raising it memory.
   * @default 65_536
   */
  maxIntervals?: number;
}

/** Ranks of keys to list, without those known to the peer. */
interface Listable {
  readonly begin: number;
  readonly end: number;
  readonly known: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * One session of the commonware dialect (docs/protocol.md). Every message covers the whole key space
 * and answers the previous message, range by range, from left to right. Skipped ranges stay skipped.
 * So the settled part that starts at zero grows with each message, and the session ends. What this side
 * does not accept it skips, and answers a range that reaches beyond as two or three.
 */
export class CommonwareSession extends TurnSession {
  readonly #branchingFactor: number;
  readonly #maxIntervals: number;
  readonly #interval: Interval;
  readonly #whole: boolean;
  readonly #emptyDigest: Uint8Array;
  readonly #found = new Set<string>();
  /** Ids learnt and not yet told. */
  #missing: Bytes[] = [];
  #listed = new IntervalSet();
  /** Ranges found equal. */
  #compared = 0;
  /** The answer to the opening asked the initiator to compare what this side accepts of it. */
  #asked = false;

  constructor(init: CommonwareSessionInit) {
    super(init);
    this.#branchingFactor = init.branchingFactor;
    this.#maxIntervals = init.maxIntervals ?? DEFAULT_MAX_INTERVALS;
    this.#interval = init.interval;
    this.#whole = init.whole;
    const { scheme } = init.snapshot;
    this.#emptyDigest = scheme.digest(scheme.empty(), 0);
  }

  protected override open(): Step {
    const { lower } = this.#interval;
    const opening = new Reply(this.limits.maxMessageBytes, this.#interval.upper);
    if (compareBounds(lower, ZERO_BOUND) > 0) opening.skip(lower);
    this.#addRest(opening, lower);
    return { frames: [opening.encode()], missing: [], done: false };
  }

  protected override get learnt(): number {
    return this.#found.size;
  }

  protected override *answer(frame: Uint8Array): Slices {
    const reply = new Reply(this.limits.maxMessageBytes, this.#interval.upper);
    const counts = { skip: 0, fingerprint: 0, list: 0 };
    let count = 0;
    const ranges = readMessage(frame, { maxBytes: this.limits.maxInboundBytes });
    for (const range of locate(ranges)) {
      if (this.over) yield this.#untold();
      counts[range.mode]++;
      count++;
      yield* this.#answerRange(range, reply);
    }
    // A responder splits or lists what differs; the opening of an initiator is one fingerprint.
    const asked = this.first && count === 1 && counts.fingerprint === 1;
    if (asked && this.role === 'initiator') throw sameRole(this.role);
    const over = counts.fingerprint + counts.list === 0;
    if (this.#whole) this.#judge(counts, reply);
    if (over) return { frames: [], ...this.#untold(), done: true };
    if (reply.cutAt !== null) this.#addRest(reply, reply.cutAt);
    yield* this.#remember(reply.listed);
    const done = reply.silent;
    return { frames: [reply.encode()], ...this.#untold(), done };
  }

  /**
   * The sides are equal if the first message holds fingerprints alone that all match. In an opening, skips
   * name what is not accepted; in the answer they name that as well, or what matches.
   */
  #judge(
    { fingerprint, list }: Readonly<Record<MessageRange['mode'], number>>,
    reply: Reply,
  ): void {
    const over = fingerprint + list === 0;
    const isInitiator = this.role === 'initiator';
    const plain = list === 0 && reply.listed.length === 0 && !reply.isCut;
    if (over) this.equal = this.first ? isInitiator : this.#asked;
    else this.equal = this.first && plain && reply.silent && this.#compared === fingerprint;
    this.#asked = this.first && !isInitiator && plain && !reply.silent && this.#asked;
  }

  /** The fingerprint of what is accepted from `lower` on, and a skip of what is not. */
  #addRest(reply: Reply, lower: Bound): void {
    const { upper } = this.#interval;
    reply.fingerprint(upper, this.#fingerprintOf({ lower, upper }));
    if (compareBounds(upper, INFINITE_BOUND) < 0) reply.skip(INFINITE_BOUND);
  }

  #untold(): Pick<Step, 'missing'> {
    const missing = this.#missing;
    this.#missing = [];
    return { missing };
  }

  /**
   * Lists behind a cut are read, for their sender relies on it, and not answered. The budget is asked
   * before a list is charged, so that the first range is always answered. Ids have no hints: those of a
   * list that reaches beyond what is accepted are not taken.
   */
  *#answerRange(range: Located, reply: Reply): Slices<void> {
    const exhausted = this.exhausted();
    const inside = intersection(range, this.#interval);
    const isInside = sameInterval(inside, range);
    if (range.mode === 'list' && isInside) yield* this.#learn(range.ids);
    if (reply.isCut) return;
    if (range.mode === 'skip' || isEmpty(inside)) {
      reply.skip(range.upper);
      return;
    }
    if (compareBounds(range.lower, inside.lower) < 0) reply.skip(inside.lower);
    if (exhausted) reply.cut(inside.lower);
    else if (range.mode === 'fingerprint' && this.#matches(range)) reply.skip(inside.upper);
    else if (!isInside) this.#ask(inside, reply);
    else if (range.mode === 'fingerprint') yield* this.#divide(range, reply);
    else yield* this.#answerList(range, reply);
    if (!reply.isCut && compareBounds(inside.upper, range.upper) < 0) reply.skip(range.upper);
  }

  /** The peer compares the range, which is the part of its own that is accepted here. */
  #ask(range: Interval, reply: Reply): void {
    this.#asked = true;
    if (reply.fitsFingerprint) reply.fingerprint(range.upper, this.#fingerprintOf(range));
    else reply.cut(range.lower);
  }

  *#learn(ids: Uint8Array): Slices<void> {
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      if (this.over) yield this.#untold();
      this.visit(1);
      const id = ids.subarray(at, at + ID_BYTES);
      if (this.snapshot.contains(id)) continue;
      const key = bytesToKey(id);
      if (this.#found.has(key)) continue;
      this.#found.add(key);
      this.#missing.push(id.slice());
    }
  }

  /** What is equal in a range of the peer is equal in the part of it that is accepted here. */
  #matches(range: FingerprintRange & Interval): boolean {
    const matches = equalBytes(this.#fingerprintOf(range), range.fingerprint);
    if (matches) this.#compared++;
    return matches;
  }

  *#divide(range: Interval, reply: Reply): Slices<void> {
    const begin = this.snapshot.lowerBound(range.lower);
    const end = this.snapshot.lowerBound(range.upper);
    if (end - begin > this.#branchingFactor) this.#split(range, begin, end, reply);
    else yield* this.#list(range, { begin, end, known: NONE }, reply);
  }

  #split(range: Interval, begin: number, end: number, reply: Reply): void {
    const chunk = Math.ceil((end - begin) / this.#branchingFactor);
    for (let at = begin; at < end; at += chunk) {
      if (!reply.fitsFingerprint || (at > begin && this.exhausted())) {
        reply.cut(at === begin ? range.lower : this.snapshot.select(at));
        return;
      }
      const next = Math.min(at + chunk, end);
      const upper = next === end ? range.upper : this.snapshot.select(next);
      reply.fingerprint(upper, this.#fingerprint(at, next));
    }
  }

  /**
   * A side that listed the range before skips it. Otherwise the initiator lists all its ids there, as
   * the reference does, and the responder those that the peer lacks.
   */
  *#answerList(range: ListRange & Interval, reply: Reply): Slices<void> {
    if (this.#listed.covers(range)) {
      reply.skip(range.upper);
      return;
    }
    const begin = this.snapshot.lowerBound(range.lower);
    const end = this.snapshot.lowerBound(range.upper);
    if (this.role === 'initiator') yield* this.#list(range, { begin, end, known: NONE }, reply);
    else {
      const known = yield* this.#keysOf(range.ids);
      yield* this.#list(range, { begin, end, known }, reply, 'skip');
    }
  }

  *#keysOf(ids: Uint8Array): Slices<ReadonlySet<string>> {
    const keys = new Set<string>();
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      if (this.over) yield this.#untold();
      this.visit(1);
      keys.add(bytesToKey(ids.subarray(at, at + ID_BYTES)));
    }
    return keys;
  }

  /** Lists keys of `range`; cuts the message at the first key for which room or budget lacks. */
  *#list(
    range: Interval,
    { begin, end, known }: Listable,
    reply: Reply,
    whenEmpty: 'list' | 'skip' = 'list',
  ): Slices<void> {
    const room = reply.roomForIds;
    const most = Math.min(room, Math.max(1, this.left));
    const ids: Uint8Array[] = [];
    for (const key of this.snapshot.keys(begin, end)) {
      if (this.over) yield this.#untold();
      this.visit(1);
      if (known.size > 0 && known.has(bytesToKey(key.id))) continue;
      if (ids.length < most) {
        ids.push(key.id);
        continue;
      }
      if (ids.length > 0) reply.list({ lower: range.lower, upper: key }, ids);
      reply.cut(ids.length > 0 ? key : range.lower);
      return;
    }
    if (ids.length === 0 && whenEmpty === 'skip') reply.skip(range.upper);
    else if (room < 0) reply.cut(range.lower);
    else reply.list(range, ids);
  }

  #fingerprintOf({ lower, upper }: Interval): Uint8Array {
    return this.#fingerprint(this.snapshot.lowerBound(lower), this.snapshot.lowerBound(upper));
  }

  #fingerprint(begin: number, end: number): Uint8Array {
    if (begin === end) return this.#emptyDigest;
    this.visit(Math.min(end - begin, MAX_FINGERPRINT_COST));
    return this.snapshot.scheme.digest(this.snapshot.fingerprint(begin, end), end - begin);
  }

  /** Forgotten intervals are listed again, so that bounded memory loses no ids. */
  *#remember(listed: readonly Interval[]): Slices<void> {
    if (this.#listed.size + listed.length > this.#maxIntervals) this.#listed = new IntervalSet();
    for (const interval of listed) {
      if (this.over) yield this.#untold();
      this.visit(1);
      this.#listed.add(interval);
    }
  }
}
