import { ID_BYTES, invariant, MAX_SYMBOLS, type VerifiedItem } from '../../../../../store/index.ts';
import type { Context } from '../context.ts';
import type { FoundRecord, IdsRecord, MatchRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import type { NativeWork, RankedRange } from '../work.ts';
import type { Predictor } from './estimate.ts';
import type { ListEntries } from './lists.ts';
import { findPrefixes } from './prefixes.ts';
import { sendIds } from './send-ids.ts';
import { idsAt, type SketchGroup } from './sketch-group.ts';

/** A group that we sent, until both sides have all its items. */
interface OwnGroup {
  readonly group: SketchGroup;
  /** Its items, here or at the peer, whichever has more. */
  readonly weight: number;
  /** The sent list; null for symbols. */
  readonly list: ListEntries | null;
  /** Symbols sent. */
  symbols: number;
  /** Symbols asked for and not sent yet. */
  owed: number;
  /** Items that the peer asked for, and the positions found so far. */
  asked: number;
  readonly wanted: number[];
  /** The peer has asked for all items that it lacks. */
  answered: boolean;
  /** More ids of the peer will arrive. */
  gives: boolean;
  granted: boolean;
  /** Differences so far. */
  differences: number;
}

/** Ids of a list noted in a slice. */
const LISTED_BATCH = 512;

export interface OwnGroupsInit {
  context: Context;
  predictor: Predictor;
  /** Queues work. */
  later: (work: NativeWork) => void;
}

/** The groups that this side encodes: it sends symbols, and then the ids that the peer lacks. */
export class OwnGroups {
  readonly #context: Context;
  readonly #predictor: Predictor;
  readonly #later: OwnGroupsInit['later'];
  readonly #groups = new Map<number, OwnGroup>();
  #next = 0;
  #held = 0;

  constructor({ context, predictor, later }: OwnGroupsInit) {
    this.#context = context;
    this.#predictor = predictor;
    this.#later = later;
  }

  get open(): number {
    return this.#groups.size;
  }

  /** The weight of all open groups. */
  get held(): number {
    return this.#held;
  }

  *ranges(): Iterable<RankedRange> {
    for (const { group } of this.#groups.values()) yield* group.ranges;
  }

  /** Notes a group that is about to be sent. */
  add(group: SketchGroup, sent: Pick<OwnGroup, 'weight' | 'symbols' | 'list'>): void {
    this.#groups.set(this.#next++, {
      group,
      ...sent,
      owed: 0,
      asked: 0,
      wanted: [],
      answered: false,
      gives: false,
      granted: false,
      differences: 0,
    });
    this.#held += sent.weight;
  }

  /** The peer answers none of the groups. */
  clear(): void {
    for (const [number, own] of this.#groups) this.#drop(number, own);
  }

  /** The peer could not decode a group and will answer its ranges again. */
  failed(number: number): readonly RankedRange[] {
    const own = this.#get(number);
    if (own.answered || own.list !== null || own.owed > 0)
      throw malformed('a group failed too late');
    this.#drop(number, own);
    return own.group.ranges;
  }

  /** The peer needs more symbols. */
  more(number: number, symbols: number): void {
    const own = this.#get(number);
    const total = own.symbols + symbols;
    if (own.list !== null || own.answered || own.owed > 0) {
      throw malformed('more symbols are asked for out of turn');
    }
    if (total > MAX_SYMBOLS) throw malformed(`a group has at most ${MAX_SYMBOLS} symbols`);
    own.owed = symbols;
    this.#later(this.#sendSymbols(number, own, total));
  }

  *#sendSymbols(number: number, own: OwnGroup, total: number): NativeWork {
    const { outbox } = this.#context;
    yield* own.group.prepare(this.#context, total);
    while (own.symbols < total) {
      while (outbox.full) yield 'output';
      const room = Math.floor(
        ((outbox.room > 200 ? outbox.room : outbox.maxFrameBytes) - 24) / own.group.width,
      );
      const end = Math.min(total, own.symbols + room);
      const symbols = own.group.symbolBytes(own.symbols, end);
      const { narrow } = own.group;
      outbox.push({ tag: 'symbols', group: number, ...(narrow && { narrow }), symbols });
      own.owed -= end - own.symbols;
      own.symbols = end;
      invariant(own.owed >= 0, 'session', 'SYMBOLS_OWED', [number, own.owed]);
    }
  }

  /** The peer decoded a group and asks for the items that it lacks. */
  found(record: FoundRecord): void {
    const own = this.#get(record.group);
    if (own.list !== null || own.answered || own.owed > 0)
      throw malformed('a group is answered twice');
    const { prefixes, width } = record;
    own.asked += prefixes.length / width;
    if (own.asked > own.symbols) throw malformed('a group has more differences than symbols');
    own.differences += prefixes.length / width;
    own.answered = record.last;
    own.gives = record.gives;
    if (own.answered && own.asked === 0) this.#grantedAll(record.group, own);
    else this.#later(this.#lookUp(record, own));
  }

  *#lookUp({ prefixes, width, group, last }: FoundRecord, own: OwnGroup): NativeWork {
    const { meter } = this.#context;
    const found = yield* findPrefixes(prefixes, width, own.group.shorts, meter);
    for (const at of found) own.wanted.push(at);
    if (last) yield* this.#grant(group, own);
  }

  /** The peer compared a list and asks for items. Returned work precedes the next record. */
  match(record: MatchRecord): NativeWork | null {
    const own = this.#get(record.group);
    if (own.list === null || own.answered) throw malformed('a list is answered twice');
    const { bits } = record;
    if (bits.length !== Math.ceil(own.group.items / 8)) throw malformed('a bit for each entry');
    for (let at = 0; at < own.group.items; at++) {
      if (bits[at >>> 3]! & (1 << (at & 7))) own.wanted.push(at);
    }
    own.asked = own.wanted.length;
    own.differences = own.asked;
    own.answered = true;
    own.gives = record.gives;
    if (own.list.width === ID_BYTES) return this.#gaveListed(record.group, own);
    if (own.asked === 0) this.#grantedAll(record.group, own);
    else this.#later(this.#grant(record.group, own));
    return null;
  }

  /** Ids of the peer for one of our groups. */
  *give(record: IdsRecord, items?: readonly VerifiedItem[]): NativeWork {
    const own = this.#get(record.group);
    if (!own.answered || !own.gives) throw malformed('ids that were not announced');
    own.differences += record.ids.length / ID_BYTES;
    yield* this.#context.ledger.got(record.ids, items);
    own.gives = !record.last;
    this.#settle(record.group, own);
  }

  /**
   * Sends the items that the peer asked for; an empty record when we have none of them. The peer knows their
   * first bytes, if none is left out.
   */
  *#grant(number: number, own: OwnGroup): NativeWork {
    const all = own.group.form !== 'hash' && own.wanted.length === own.asked;
    const tag = all ? 'rest' : 'grant';
    yield* sendIds({ tag, group: number }, own.group, own.wanted, this.#context);
    this.#grantedAll(number, own);
  }

  /** The peer took the ids from the list itself. */
  *#gaveListed(number: number, own: OwnGroup): NativeWork {
    const { ledger } = this.#context;
    for (let at = 0; at < own.wanted.length; at += LISTED_BATCH) {
      const wanted = own.wanted.slice(at, at + LISTED_BATCH);
      ledger.gave(yield* idsAt(own.group, this.#context, wanted));
    }
    this.#grantedAll(number, own);
  }

  #grantedAll(number: number, own: OwnGroup): void {
    own.granted = true;
    this.#settle(number, own);
  }

  #settle(number: number, own: OwnGroup): void {
    if (!own.answered || own.gives || !own.granted) return;
    if (own.list === null) this.#predictor.note(own.group.items, own.differences);
    this.#drop(number, own);
  }

  #drop(number: number, own: OwnGroup): void {
    this.#held -= own.weight;
    invariant(this.#held >= 0, 'session', 'OWN_GROUPS_HELD', [number, this.#held]);
    own.group.free();
    this.#groups.delete(number);
  }

  #get(number: number): OwnGroup {
    const own = this.#groups.get(number);
    if (own !== undefined) return own;
    throw malformed(`it speaks of group ${number}, which is not open`);
  }
}
