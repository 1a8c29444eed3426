import { BUCKETS, ID_BYTES, MAX_SYMBOLS } from '../../../store/index.ts';
import { malformed } from './bytes.ts';
import { BLIND_SYMBOLS, LIST_WIDTH, MAX_LISTED, SYMBOL_BYTES } from './constants.ts';
import type { Context, Range, Work } from './context.ts';
import { estimateDifferences, estimateFromZeros, type Predictor, symbolsFor } from './estimate.ts';
import { Group, idsAt, symbolWords } from './group.ts';
import { matchList, nameOf, namesOf } from './lists.ts';
import { idsThatFit } from './own-groups.ts';
import { peel } from './peel.ts';
import { prefixesOf, type Sides, takeSides } from './prefixes.ts';
import type { IdsRecord, ListRecord, SketchRecord } from './records.ts';

/**
 * Part of the symbols thought needed that is asked for where the estimate of one group is all there is:
 * the rest costs a round trip, too many cost bytes. Below so many differences round trips count more.
 */
const CAUTION = 0.85;
const CAUTIOUS_FROM = 48;

/** From how many differences, and from how many for each symbol sent, a group is a surprise. */
const SURPRISE_FROM = 48;
const SURPRISE = 8;

/** A group the peer sent, until everything that differs in it is known on both sides. */
export interface PeerGroup {
  readonly number: number;
  readonly group: Group;
  /** Items of the peer in it; null for a list. */
  readonly count: number | null;
  readonly buckets: Uint8Array;
  /** Symbols in two words each, or the entries of a list. */
  words: Uint32Array;
  entries: Uint8Array;
  width: number;
  /** Symbols, or parts of the list, that are still to come. */
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

export interface PeerGroupsInit {
  context: Context;
  predictor: Predictor;
  /** Called with groups that cannot be decoded; they are answered in another way. */
  fail: (group: PeerGroup) => void;
  /** Takes work to be done after what is waiting already. */
  later: (work: Work) => void;
}

/** The groups one side decodes. */
export class PeerGroups {
  readonly #context: Context;
  readonly #predictor: Predictor;
  readonly #fail: PeerGroupsInit['fail'];
  readonly #later: PeerGroupsInit['later'];
  readonly #groups = new Map<number, PeerGroup>();
  #next = 0;
  #held = 0;

  constructor(init: PeerGroupsInit) {
    this.#context = init.context;
    this.#predictor = init.predictor;
    this.#fail = init.fail;
    this.#later = init.later;
  }

  get open(): number {
    return this.#groups.size;
  }

  get held(): number {
    return this.#held;
  }

  *ranges(): Iterable<Range> {
    for (const { group } of this.#groups.values()) yield* group.ranges;
  }

  sketch(ranges: readonly Range[], record: SketchRecord): Work {
    const words = symbolWords(record.symbols);
    if (words.length === 0 || words.length / 2 > MAX_SYMBOLS) {
      throw malformed(`a sketch has 1 to ${MAX_SYMBOLS} symbols`);
    }
    const { count, buckets } = record;
    const peer = this.#add(ranges, { count, buckets: buckets.slice(), words });
    return this.#open(peer);
  }

  symbols(number: number, symbols: Uint8Array): Work | null {
    const peer = this.#get(number);
    const count = symbols.length / SYMBOL_BYTES;
    if (count === 0 || count > peer.due) throw malformed('symbols nobody asked for');
    const words = new Uint32Array(peer.words.length + 2 * count);
    words.set(peer.words);
    words.set(symbolWords(symbols), peer.words.length);
    peer.words = words;
    peer.due -= count;
    return peer.due === 0 ? this.#decode(peer) : null;
  }

  /** A list, or a part of one; `ranges` are those of its first part, else none. */
  list(ranges: readonly Range[], record: ListRecord, unfinished: PeerGroup | null): PeerGroup {
    const peer =
      unfinished ??
      this.#add(ranges, {
        count: null,
        buckets: new Uint8Array(BUCKETS),
        words: new Uint32Array(0),
      });
    if (unfinished !== null && unfinished.width !== record.width)
      throw malformed('a list of two widths');
    peer.width = record.width;
    const entries = new Uint8Array(peer.entries.length + record.entries.length);
    entries.set(peer.entries);
    entries.set(record.entries, peer.entries.length);
    peer.entries = entries;
    if (entries.length > MAX_LISTED * record.width) throw malformed('a list without end');
    return peer;
  }

  /** Answers a list that is complete. */
  *answerList(peer: PeerGroup): Work {
    const context = this.#context;
    yield* peer.group.read(context, false);
    const { group, width, entries } = peer;
    context.meter.spend(8 * (group.items + entries.length / width));
    const { mine, theirs } = matchList({ width, entries }, group, context);
    const bits = new Uint8Array(Math.ceil(entries.length / width / 8));
    for (const at of theirs) bits[at >>> 3]! |= 1 << (at & 7);
    const names = namesOf(entries, width);
    for (const at of theirs) peer.wanted.add(names[at]!);
    while (context.outbox.full) yield 'output';
    context.outbox.push({ tag: 'match', group: peer.number, gives: mine.length > 0, bits });
    if (width === ID_BYTES) {
      yield* context.ledger.got(pick(entries, theirs));
      peer.wanted.clear();
    }
    yield* this.#give(peer, mine, theirs.length > 0 && width < ID_BYTES);
  }

  /** Ids of the peer that we said we lack. */
  *grant({ group: number, ids, last }: IdsRecord): Work {
    const peer = this.#get(number);
    if (!peer.answered) throw malformed('ids nobody waits for');
    const { coding, key } = this.#context;
    const shorts = new Uint32Array(ids.length / 16);
    coding.shortIds(key.shortIds, ids, shorts, 0);
    const names = prefixesOf(shorts, peer.width);
    for (let at = 0; at < names.length; at += peer.width) {
      if (peer.wanted.delete(nameOf(names.subarray(at, at + peer.width)))) continue;
      throw malformed('an id does not hash to a short id that was asked for');
    }
    yield* this.#context.ledger.got(ids);
    if (last) this.#drop(peer);
  }

  /** Forgets a group that was given up, when its ranges are answered anew. */
  abandon(peer: PeerGroup): void {
    this.#drop(peer);
  }

  #add(ranges: readonly Range[], sent: Pick<PeerGroup, 'count' | 'buckets' | 'words'>): PeerGroup {
    const { limits } = this.#context;
    const group = new Group(ranges);
    if (this.#groups.size >= limits.maxGroups || this.#held + group.items > limits.maxHeldItems) {
      throw malformed(
        `more than ${limits.maxGroups} groups or ${limits.maxHeldItems} items at a time`,
      );
    }
    const number = this.#next++;
    const peer: PeerGroup = {
      number,
      group,
      ...sent,
      entries: new Uint8Array(0),
      width: 8,
      due: 0,
      estimate: null,
      attempts: 0,
      wanted: new Set(),
      answered: false,
    };
    this.#groups.set(number, peer);
    this.#held += group.items;
    return peer;
  }

  *#open(peer: PeerGroup): Work {
    yield* peer.group.read(this.#context, true);
    yield* this.#decode(peer);
  }

  *#decode(peer: PeerGroup): Work {
    const { group, words } = peer;
    const symbols = words.length / 2;
    yield* group.prepare(this.#context, symbols);
    const difference = words.map((word, i) => word ^ group.cells[i]!);
    this.#context.meter.spend(8 * symbols);
    const decoded = peel(difference, symbols);
    if (decoded !== null) {
      this.#context.meter.spend(group.items >>> 3);
      const sides = takeSides(decoded, group.shorts);
      if (peer.count === group.items - sides.mine.length + sides.theirs.length / 2) {
        yield* this.#answer(peer, sides);
        return;
      }
    }
    if (peer.estimate === null) {
      const least = Math.abs(group.items - peer.count!);
      peer.estimate = Math.max(estimateDifferences(group.buckets, peer.buckets), least);
      if (isSurprise(peer.estimate, symbols)) {
        this.#fail(peer);
        return;
      }
      this.#predictor.note(group.items, peer.estimate);
    }
    this.#later(this.#askMore(peer));
  }

  *#askMore(peer: PeerGroup): Work {
    const { outbox, limits } = this.#context;
    const symbols = peer.words.length / 2;
    const total = Math.max(this.#enough(peer, symbols), symbols + this.#step(peer, symbols));
    const listBytes = LIST_WIDTH * Math.min(peer.group.items, peer.count!);
    if (total > limits.maxSymbols || listBytes < SYMBOL_BYTES * (total - symbols)) {
      this.#fail(peer);
      return;
    }
    while (outbox.full) yield 'output';
    peer.attempts++;
    peer.due = total - symbols;
    outbox.push({ tag: 'more', group: peer.number, symbols: peer.due });
  }

  /** Symbols that a group is thought to need in all. */
  #enough(peer: PeerGroup, symbols: number): number {
    const { group, attempts, estimate } = peer;
    if (attempts > 0) {
      const difference = peer.words.map((word, i) => word ^ group.cells[i]!);
      return symbolsFor(estimateFromZeros(difference, symbols) ?? 0);
    }
    const { value, sure } = this.#predictor.refine(group.items, estimate!);
    const caution = sure || value < CAUTIOUS_FROM ? 1 : CAUTION;
    return Math.ceil(symbolsFor(value) * caution);
  }

  /** The least to ask for: twice as much with each attempt, lest there be many. */
  #step({ attempts }: PeerGroup, symbols: number): number {
    return Math.max(6, symbols >>> 3) * 2 ** Math.max(0, attempts - 1);
  }

  *#answer(peer: PeerGroup, { mine, theirs, width }: Sides): Work {
    const { outbox } = this.#context;
    const differences = mine.length + theirs.length / 2;
    if (peer.estimate === null) this.#predictor.note(peer.group.items, differences);
    peer.width = width;
    peer.words = new Uint32Array(0);
    const prefixes = prefixesOf(theirs, width);
    for (const name of namesOf(prefixes, width)) peer.wanted.add(name);
    const room = width * Math.floor((outbox.maxFrameBytes - 24) / width);
    let at = 0;
    do {
      while (outbox.full) yield 'output';
      const some = prefixes.subarray(at, at + room);
      at += some.length;
      const last = at === prefixes.length;
      const gives = last && mine.length > 0;
      outbox.push({ tag: 'found', group: peer.number, last, gives, width, prefixes: some });
    } while (at < prefixes.length);
    yield* this.#give(peer, mine, theirs.length > 0);
  }

  /** Sends ids that only we have; then the group is done with, unless the peer has to grant some. */
  *#give(peer: PeerGroup, mine: readonly number[], wants: boolean): Work {
    const context = this.#context;
    const { outbox, meter, ledger } = context;
    peer.answered = true;
    for (let at = 0; at < mine.length; ) {
      while (outbox.full) yield 'output';
      if (meter.over) yield 'slice';
      const some = mine.slice(at, at + idsThatFit(context));
      at += some.length;
      const ids = idsAt(peer.group, context, some);
      ledger.gave(ids);
      outbox.push({ tag: 'give', group: peer.number, last: at === mine.length, ids });
    }
    if (!wants) this.#drop(peer);
  }

  #drop(peer: PeerGroup): void {
    this.#held -= peer.group.items;
    this.#groups.delete(peer.number);
  }

  #get(number: number): PeerGroup {
    const peer = this.#groups.get(number);
    if (peer !== undefined) return peer;
    throw malformed(`it speaks of group ${number}, which is not open`);
  }
}

/**
 * Far more differ than the sender thought: they lie close together, and narrowing further costs less
 * than symbols for all of them.
 */
function isSurprise(estimate: number, symbols: number): boolean {
  return estimate >= SURPRISE_FROM && symbols < BLIND_SYMBOLS && estimate > SURPRISE * symbols;
}

/** The ids at some positions of a list of them. */
function pick(ids: Uint8Array, positions: readonly number[]): Uint8Array {
  const picked = new Uint8Array(positions.length * ID_BYTES);
  positions.forEach((at, i) => {
    picked.set(ids.subarray(at * ID_BYTES, (at + 1) * ID_BYTES), i * ID_BYTES);
  });
  return picked;
}
