import { concatBytes, ID_BYTES, MAX_SYMBOLS } from '../../../../../store/index.ts';
import { LIST_WIDTH, MAX_LISTED, SYMBOL_BYTES } from '../constants.ts';
import type { Context } from '../context.ts';
import type { IdsRecord, ListRecord, ProbeRecord, SketchRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import { itemsIn, type NativeWork, type RankedRange, send } from '../work.ts';
import type { Predictor } from './estimate.ts';
import { matchList, nameOf, namesOf } from './lists.ts';
import type { OwnGroupsInit } from './own-groups.ts';
import {
  decode,
  estimate,
  isSurprise,
  LISTED,
  NO_WORDS,
  newGroup,
  type PeerGroup,
  type Sent,
  sayFound,
  symbolsInAll,
} from './peer-group.ts';
import { prefixesOf, type Sides } from './prefixes.ts';
import { sendIds } from './send-ids.ts';
import { symbolWords } from './sketch-group.ts';

export interface PeerGroupsInit extends OwnGroupsInit {
  /** Called with groups that cannot be decoded; their ranges need another answer. */
  fail: (group: PeerGroup) => void;
}

/** The groups that this side decodes. */
export class PeerGroups {
  readonly #context: Context;
  readonly #predictor: Predictor;
  readonly #fail: PeerGroupsInit['fail'];
  readonly #later: PeerGroupsInit['later'];
  readonly #groups = new Map<number, PeerGroup>();
  /** The unfinished list. */
  #list: PeerGroup | null = null;
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

  *ranges(): Iterable<RankedRange> {
    for (const { group } of this.#groups.values()) yield* group.ranges;
  }

  sketch(ranges: readonly RankedRange[], { count, sums, symbols }: SketchRecord): void {
    const words = symbolWords(symbols);
    if (words.length === 0 || words.length / 2 > MAX_SYMBOLS) {
      throw malformed(`a sketch has 1 to ${MAX_SYMBOLS} symbols`);
    }
    this.#later(this.#open(this.#add(ranges, { count, sums: sums.slice(), words })));
  }

  probe(ranges: readonly RankedRange[], { count, sums }: ProbeRecord): void {
    this.#later(this.#open(this.#add(ranges, { count, sums: sums.slice(), words: NO_WORDS })));
  }

  symbols(number: number, symbols: Uint8Array): void {
    const peer = this.#get(number);
    const count = symbols.length / SYMBOL_BYTES;
    if (count === 0 || count > peer.due) throw malformed('symbols that were not asked for');
    const words = new Uint32Array(peer.words.length + 2 * count);
    words.set(peer.words);
    words.set(symbolWords(symbols), peer.words.length);
    peer.words = words;
    peer.due -= count;
    if (peer.due === 0) this.#later(this.#settle(peer));
  }

  /** A list, or a part of a list; `ranges` is called for its first part. */
  list(ranges: () => readonly RankedRange[], record: ListRecord): void {
    const { width, last } = record;
    const unfinished = this.#list;
    if (unfinished !== null && unfinished.width !== width) throw malformed('a list of two widths');
    const peer = unfinished ?? this.#add(ranges(), LISTED);
    peer.width = width;
    peer.entries = concatBytes(peer.entries, record.entries);
    if (peer.entries.length > MAX_LISTED * width) throw malformed('a list without end');
    this.#list = last ? null : peer;
    if (last) this.#later(this.#answerList(peer));
  }

  *#answerList(peer: PeerGroup): NativeWork {
    const context = this.#context;
    yield* peer.group.read(context, false);
    const { group, width, entries } = peer;
    context.meter.spend(8 * (group.items + entries.length / width));
    const { mine, theirs } = matchList({ width, entries }, group, context);
    const bits = new Uint8Array(Math.ceil(entries.length / width / 8));
    for (const at of theirs) bits[at >>> 3]! |= 1 << (at & 7);
    const named = width === ID_BYTES;
    const lacking = theirs.map((at) => entries.subarray(at * width, (at + 1) * width));
    if (!named) for (const entry of lacking) peer.wanted.add(nameOf(entry));
    const gives = mine.length > 0;
    yield* send(context.outbox, { tag: 'match', group: peer.number, gives, bits });
    if (named) yield* context.ledger.got(concatBytes(...lacking));
    yield* this.#give(peer, mine, theirs.length > 0 && !named);
  }

  /** Ids of the peer that we asked for. */
  *grant({ group: number, ids, last }: IdsRecord): NativeWork {
    const peer = this.#get(number);
    if (!peer.answered) throw malformed('ids that were not asked for');
    const { coding, key } = this.#context;
    const shorts = new Uint32Array(ids.length / 16);
    coding.shortIds(key.shortIds, ids, shorts, 0);
    for (const name of namesOf(prefixesOf(shorts, peer.width), peer.width)) {
      if (peer.wanted.delete(name)) continue;
      throw malformed('an id does not hash to a short id that was asked for');
    }
    yield* this.#context.ledger.got(ids);
    if (last) this.drop(peer);
  }

  /** Forgets a group that is settled or was given up. */
  drop(peer: PeerGroup): void {
    this.#held -= peer.group.items;
    this.#groups.delete(peer.number);
  }

  #add(ranges: readonly RankedRange[], sent: Sent): PeerGroup {
    const { maxGroups, maxHeldItems } = this.#context.limits;
    const items = itemsIn(ranges);
    if (this.#groups.size >= maxGroups || this.#held + items > maxHeldItems) {
      throw malformed(
        `more than ${maxGroups} groups (maxGroups) or ${maxHeldItems} items (maxHeldItems) at a time`,
      );
    }
    const peer = newGroup(this.#next++, ranges, sent);
    this.#groups.set(peer.number, peer);
    this.#held += items;
    return peer;
  }

  *#open(peer: PeerGroup): NativeWork {
    yield* peer.group.read(this.#context, true);
    yield* this.#settle(peer);
  }

  /** Answers a group, asks for more symbols, or gives the group up. */
  *#settle(peer: PeerGroup): NativeWork {
    const sides = yield* decode(peer, this.#context);
    if (sides !== null) return yield* this.#answer(peer, sides);
    if (peer.estimate === null) {
      peer.estimate = estimate(peer);
      if (isSurprise(peer)) return this.#fail(peer);
      this.#predictor.note(peer.group.items, peer.estimate);
    }
    this.#later(this.#askMore(peer));
  }

  *#askMore(peer: PeerGroup): NativeWork {
    const { outbox, limits } = this.#context;
    const symbols = peer.words.length / 2;
    const all = symbolsInAll(peer, this.#predictor, this.#context.link);
    const listBytes = LIST_WIDTH * Math.min(peer.group.items, peer.count!);
    if (all > limits.maxSymbols || listBytes < SYMBOL_BYTES * (all - symbols)) {
      return this.#fail(peer);
    }
    yield* send(outbox, { tag: 'more', group: peer.number, symbols: all - symbols });
    peer.attempts++;
    peer.due = all - symbols;
  }

  *#answer(peer: PeerGroup, sides: Sides): NativeWork {
    const { mine, theirs } = sides;
    const differences = mine.length + theirs.length / 2;
    if (peer.estimate === null) this.#predictor.note(peer.group.items, differences);
    yield* sayFound(peer, sides, this.#context);
    yield* this.#give(peer, mine, theirs.length > 0);
  }

  /** Sends ids that only we have. Then the group is settled, unless the peer has to grant some. */
  *#give(peer: PeerGroup, mine: readonly number[], wants: boolean): NativeWork {
    peer.answered = true;
    const head = { tag: 'give', group: peer.number } as const;
    if (mine.length > 0) yield* sendIds(head, peer.group, mine, this.#context);
    if (!wants) this.drop(peer);
  }

  #get(number: number): PeerGroup {
    const peer = this.#groups.get(number);
    if (peer !== undefined) return peer;
    throw malformed(`it speaks of group ${number}, which is not open`);
  }
}
