import {
  concatBytes,
  ID_BYTES,
  invariant,
  MAX_SYMBOLS,
  type ShortIdForm,
  type VerifiedItem,
} from '../../../../../store/index.ts';
import { LIST_WIDTH, MAX_LISTED, REST_BYTES } from '../constants.ts';
import { type Context, shortIdForm } from '../context.ts';
import type {
  IdsRecord,
  ListRecord,
  ProbeRecord,
  RestRecord,
  SketchRecord,
  SymbolsRecord,
} from '../wire/index.ts';
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
import { idsFrom } from './rests.ts';
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

  /** Of groups without narrow symbols. */
  get #form(): ShortIdForm {
    return shortIdForm(this.#context, false);
  }

  *ranges(): Iterable<RankedRange> {
    for (const { group } of this.#groups.values()) yield* group.ranges;
  }

  sketch(ranges: readonly RankedRange[], record: SketchRecord): void {
    const { count, sums, narrow = false, symbols } = record;
    const words = symbolWords(symbols, narrow);
    if (words.length === 0 || words.length / 2 > MAX_SYMBOLS) {
      throw malformed(`a sketch has 1 to ${MAX_SYMBOLS} symbols`);
    }
    const form = shortIdForm(this.#context, narrow);
    this.#later(this.#open(this.#add(ranges, { count, sums: sums.slice(), words, form })));
  }

  probe(ranges: readonly RankedRange[], { count, sums }: ProbeRecord): void {
    const sent = { count, sums: sums.slice(), words: NO_WORDS, form: this.#form };
    this.#later(this.#open(this.#add(ranges, sent)));
  }

  symbols({ group: number, narrow = false, symbols }: SymbolsRecord): void {
    const peer = this.#get(number);
    const { group } = peer;
    if (narrow !== group.narrow)
      throw malformed('symbols are wider than those before them, or narrower');
    const count = symbols.length / group.width;
    if (count === 0 || count > peer.due) throw malformed('symbols that were not asked for');
    const words = new Uint32Array(peer.words.length + 2 * count);
    words.set(peer.words);
    words.set(symbolWords(symbols, narrow), peer.words.length);
    peer.words = words;
    peer.due -= count;
    if (peer.due === 0) this.#later(this.#settle(peer));
  }

  /** A list, or a part of a list; `ranges` is called for its first part. */
  list(ranges: () => readonly RankedRange[], record: ListRecord): void {
    const { width, last } = record;
    const unfinished = this.#list;
    if (unfinished !== null && unfinished.width !== width) throw malformed('a list of two widths');
    const peer = unfinished ?? this.#add(ranges(), { ...LISTED, form: this.#form });
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
    if (!named) {
      for (const entry of lacking) peer.wanted.add(nameOf(entry));
      peer.asked = lacking.map((entry) => Number(nameOf(entry.subarray(0, 4))));
    }
    const gives = mine.length > 0;
    yield* send(context.outbox, { tag: 'match', group: peer.number, gives, bits });
    if (named) yield* context.ledger.got(concatBytes(...lacking));
    yield* this.#give(peer, mine, theirs.length > 0 && !named);
  }

  /** Ids of the peer that we asked for. */
  *grant({ group: number, ids, last }: IdsRecord, items?: readonly VerifiedItem[]): NativeWork {
    const peer = this.#get(number);
    if (!peer.answered || peer.rests > 0) throw malformed('ids that were not asked for');
    const { coding, key } = this.#context;
    const shorts = new Uint32Array(ids.length / 16);
    coding.shortIds(key.shortIds, ids, shorts, 0, peer.group.form);
    for (const name of namesOf(prefixesOf(shorts, peer.width), peer.width)) {
      if (peer.wanted.delete(name)) continue;
      throw malformed('an id does not hash to a short id that was asked for');
    }
    yield* this.#context.ledger.got(ids, items);
    if (last) this.drop(peer);
  }

  /** Ids of the peer that we asked for, without their first bytes. */
  *rest({ group: number, rests, last }: RestRecord): NativeWork {
    const peer = this.#get(number);
    const begin = peer.rests;
    peer.rests += rests.length / REST_BYTES;
    const open = peer.answered && peer.wanted.size === peer.asked.length;
    if (!open || peer.rests > peer.asked.length) throw malformed('ids that were not asked for');
    if (last && peer.rests < peer.asked.length)
      throw malformed('ids that were asked for are left out');
    const ids = idsFrom(rests, peer.asked.slice(begin, peer.rests), this.#context);
    yield* this.#context.ledger.got(ids);
    if (last) this.drop(peer);
  }

  /** Forgets a group that is settled or was given up. */
  drop(peer: PeerGroup): void {
    this.#held -= peer.group.items;
    invariant(this.#held >= 0, 'session', 'PEER_GROUPS_HELD', [peer.number, this.#held]);
    peer.group.free();
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
    if (sides === 'collision') {
      peer.estimate ??= estimate(peer);
      return this.#fail(peer);
    }
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
    if (all > limits.maxSymbols || listBytes < peer.group.width * (all - symbols)) {
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
