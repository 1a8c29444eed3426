import { ID_BYTES, MAX_SYMBOLS } from '../../../../../store/index.ts';
import { SYMBOL_BYTES } from '../constants.ts';
import type { Context } from '../context.ts';
import type { FoundRecord, IdsRecord, MatchRecord } from '../wire/index.ts';
import { malformed } from '../wire/index.ts';
import type { NativeWork, RankedRange } from '../work.ts';
import type { Predictor } from './estimate.ts';
import type { ListEntries } from './lists.ts';
import { findPrefixes } from './prefixes.ts';
import { idsAt, type SketchGroup } from './sketch-group.ts';

/** A group that we sent, until the peer has said what differs in it and has got what it lacks. */
interface OwnGroup {
  readonly group: SketchGroup;
  /** Items in it, here or at the peer's, the larger. */
  readonly weight: number;
  /** The list sent, when there is one instead of symbols. */
  readonly list: ListEntries | null;
  /** Symbols sent, and asked for and not sent yet. */
  symbols: number;
  owed: number;
  /** How many the peer said it lacks, and their positions as far as they have been looked up. */
  asked: number;
  readonly wanted: number[];
  /** The peer has said all it lacks. */
  answered: boolean;
  /** Ids of the peer's that are still to come. */
  gives: boolean;
  granted: boolean;
  /** Differences so far. */
  differences: number;
}

/** Bytes of a record of ids besides the ids. */
const IDS_HEAD = 24;
/** Ids of a list that are accounted for between two looks at the clock. */
const LISTED_BATCH = 512;

export interface OwnGroupsInit {
  context: Context;
  predictor: Predictor;
  /** Takes work to be done after what is waiting already. */
  later: (work: NativeWork) => void;
}

/** The groups one side encodes: more symbols on demand, and the ids that the other side lacks. */
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

  /** Groups that wait for something. */
  get open(): number {
    return this.#groups.size;
  }

  /** Items in them, here or at the peer's, the larger of each. */
  get held(): number {
    return this.#held;
  }

  /** The ranges of all open groups. */
  *ranges(): Iterable<RankedRange> {
    for (const { group } of this.#groups.values()) yield* group.ranges;
  }

  /** Notes a group that is being sent with so many symbols, or as a list. */
  add(
    group: SketchGroup,
    sent: { weight: number; symbols: number; list: ListEntries | null },
  ): void {
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

  /** The peer gave a group up: its ranges are the peer's to answer again. */
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
    if (total > MAX_SYMBOLS) {
      throw malformed(`a group has ${MAX_SYMBOLS} symbols at the most`);
    }
    own.owed = symbols;
    this.#later(this.#sendSymbols(number, own, total));
  }

  *#sendSymbols(number: number, own: OwnGroup, total: number): NativeWork {
    const { outbox } = this.#context;
    yield* own.group.prepare(this.#context, total);
    while (own.symbols < total) {
      while (outbox.full) yield 'output';
      const room = Math.floor(
        ((outbox.room > 200 ? outbox.room : outbox.maxFrameBytes) - 24) / SYMBOL_BYTES,
      );
      const end = Math.min(total, own.symbols + room);
      const symbols = own.group.symbolBytes(own.symbols, end);
      outbox.push({ tag: 'symbols', group: number, symbols });
      own.owed -= end - own.symbols;
      own.symbols = end;
    }
  }

  /** The peer decoded a group and says what it lacks. */
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

  /** The peer compared a list and says what it lacks; what is returned is to be done before the next record. */
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

  /** Ids of the peer's for one of our groups. */
  *give(record: IdsRecord): NativeWork {
    const own = this.#get(record.group);
    if (!own.answered || !own.gives) throw malformed('ids nobody waits for');
    own.differences += record.ids.length / ID_BYTES;
    yield* this.#context.ledger.got(record.ids);
    own.gives = !record.last;
    this.#settle(record.group, own);
  }

  /** Sends what the peer asked for; nothing, when none of it is ours. */
  *#grant(number: number, own: OwnGroup): NativeWork {
    const { outbox, ledger, meter } = this.#context;
    let at = 0;
    do {
      while (outbox.full) yield 'output';
      if (meter.over) yield 'slice';
      const some = own.wanted.slice(at, at + idsThatFit(this.#context));
      at += some.length;
      const ids = idsAt(own.group, this.#context, some);
      ledger.gave(ids);
      outbox.push({ tag: 'grant', group: number, last: at === own.wanted.length, ids });
    } while (at < own.wanted.length);
    this.#grantedAll(number, own);
  }

  /** A list of ids was all the peer needed. */
  *#gaveListed(number: number, own: OwnGroup): NativeWork {
    const { ledger, meter } = this.#context;
    for (let at = 0; at < own.wanted.length; at += LISTED_BATCH) {
      if (meter.over) yield 'slice';
      ledger.gave(idsAt(own.group, this.#context, own.wanted.slice(at, at + LISTED_BATCH)));
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
    this.#groups.delete(number);
  }

  #get(number: number): OwnGroup {
    const own = this.#groups.get(number);
    if (own !== undefined) return own;
    throw malformed(`it speaks of group ${number}, which is not open`);
  }
}

/** Ids that a record may hold: what is left of the frame, or a frame of their own; eight at the least. */
export function idsThatFit({ outbox }: Context): number {
  const room = outbox.room - IDS_HEAD;
  const bytes = room >= 8 * ID_BYTES ? room : outbox.maxFrameBytes - IDS_HEAD;
  return Math.floor(bytes / ID_BYTES);
}
