import {
  type Bytes,
  bytesToKey,
  ID_BYTES,
  type Snapshot,
  type VerifiedItem,
} from '../../../../store/index.ts';
import type { Step } from '../../dialect.ts';
import { EXPAND_COST, FINGERPRINT_COST, LOOKUP_COST, type Meter } from '../shared/index.ts';
import { malformed } from './wire/index.ts';
import type { NativeWork } from './work.ts';

/** Ids noted in a slice. */
const BATCH = 128;

export interface DifferenceLedgerInit {
  snapshot: Snapshot;
  meter: Meter;
  refuses: (id: Uint8Array) => boolean;
  /** Ids that are held, and not shown. */
  holds: (id: Uint8Array) => boolean;
  /** Most ids that only we have, and most that the index does not list, that are named. */
  tell: number;
}

/** Ids for the next step of a session. */
type FoundIds = Pick<Step, 'missing' | 'items' | 'have' | 'unlisted'>;

/**
 * The differences found so far. Our state without our own ids, and with those of the peer, must be the
 * state of the peer in the end.
 */
export class DifferenceLedger {
  readonly #init: DifferenceLedgerInit;
  readonly #change: { readonly added: Uint8Array; readonly removed: Uint8Array };
  readonly #seen = new Set<string>();
  #missing: Bytes[] = [];
  #items: VerifiedItem[] = [];
  readonly #have: FirstIds;
  readonly #unlisted: FirstIds;
  mine = 0;
  theirs = 0;
  refused = 0;
  /** Ids that the peer has and that are held without being shown. */
  hidden = 0;
  /** Ids handed out as missing. */
  missing = 0;

  constructor(init: DifferenceLedgerInit) {
    this.#init = init;
    this.#have = new FirstIds(init.tell);
    this.#unlisted = new FirstIds(init.tell);
    const { scheme } = init.snapshot;
    this.#change = { added: scheme.empty(), removed: scheme.empty() };
  }

  /** Notes concatenated ids that only we have. */
  gave(ids: Uint8Array): void {
    this.#init.snapshot.scheme.add(this.#change.removed, ids);
    this.#have.add(ids);
    this.mine += ids.length / ID_BYTES;
    this.#init.meter.spend((EXPAND_COST * ids.length) / ID_BYTES);
  }

  /** Notes that the peer has nothing in a range of ranks. */
  gaveRange(begin: number, end: number): void {
    const { snapshot, meter } = this.#init;
    snapshot.scheme.combine(this.#change.removed, snapshot.fingerprint(begin, end));
    this.mine += end - begin;
    const named = Math.min(end - begin, this.#have.room);
    if (named > 0) this.#have.add(snapshot.ids(begin, begin + named));
    meter.spend(FINGERPRINT_COST + named);
  }

  /**
   * Notes ids that only the peer has. Those under no hint here are missing; they share memory. `items`: the
   * items of these ids, where they came too.
   */
  *got(ids: Uint8Array, items: readonly VerifiedItem[] = []): NativeWork {
    const { snapshot, meter } = this.#init;
    for (let at = 0; at < ids.length; at += BATCH * ID_BYTES) {
      if (meter.over) yield 'slice';
      const some = ids.slice(at, at + BATCH * ID_BYTES);
      snapshot.scheme.add(this.#change.added, some);
      this.theirs += some.length / ID_BYTES;
      meter.spend(((EXPAND_COST + LOOKUP_COST) * some.length) / ID_BYTES);
      const from = at / ID_BYTES;
      this.#lookUp(some, items.slice(from, from + BATCH));
    }
  }

  #lookUp(ids: Bytes, items: readonly VerifiedItem[]): void {
    const { snapshot, refuses, holds } = this.#init;
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      const id = ids.subarray(at, at + ID_BYTES);
      const name = bytesToKey(id);
      if (this.#seen.has(name)) throw malformed('an id is listed for the second time');
      this.#seen.add(name);
      if (holds(id)) this.hidden++;
      else if (refuses(id)) this.refused++;
      else if (snapshot.contains(id)) this.#unlisted.add(id);
      else this.#lacks(id, items[at / ID_BYTES]);
    }
  }

  #lacks(id: Bytes, item: VerifiedItem | undefined): void {
    if (item === undefined) this.#missing.push(id);
    else this.#items.push(item);
  }

  /** The ids found since the last call. */
  takeFound(): FoundIds {
    const missing = this.#missing;
    const items = this.#items;
    this.#missing = [];
    this.#items = [];
    this.missing += missing.length + items.length;
    const [have, unlisted] = [this.#have.take(), this.#unlisted.take()];
    return {
      missing,
      ...(items.length > 0 && { items }),
      ...(have.length > 0 && { have }),
      ...(unlisted.length > 0 && { unlisted }),
    };
  }

  /** The state and count that the peer must have in [begin, end). */
  expected(begin: number, end: number): { state: Uint8Array; count: number } {
    const { snapshot } = this.#init;
    const state = snapshot.fingerprint(begin, end).slice();
    snapshot.scheme.difference(state, this.#change.removed);
    snapshot.scheme.combine(state, this.#change.added);
    return { state, count: end - begin - this.mine + this.theirs };
  }
}

/** The first ids of a kind, copied; the others are counted alone. */
class FirstIds {
  #ids: Bytes[] = [];
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  /** Concatenated ids. */
  add(ids: Uint8Array): void {
    for (let at = 0; at < ids.length && this.room > 0; at += ID_BYTES) {
      this.#ids.push(ids.slice(at, at + ID_BYTES));
      this.room--;
    }
  }

  take(): Bytes[] {
    const ids = this.#ids;
    this.#ids = [];
    return ids;
  }
}
