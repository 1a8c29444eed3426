import {
  type Bytes,
  compareBounds,
  ID_BYTES,
  type Item,
  identifyItem,
  type VerifiedItem,
} from '../../../../store/index.ts';
import type { Interval, ItemRoom, ShortItem } from '../../dialect.ts';
import { LOOKUP_COST, type Meter } from '../shared/index.ts';
import { type ItemsRecord, malformed } from './wire/index.ts';
import type { NativeWork } from './work.ts';

/** Of a turn, for an item whose record and payload are read. */
const READ_COST = 128;
/** Payload bytes that are hashed in the time in which an item is read. */
const HASHED_BYTES = 512;

/** An item as it stands in a record. */
export type ToldItem = Pick<Item, 'hint' | 'payload'>;

/** Counts payloads against the room of the side that takes them. */
class Room {
  readonly maxBytes: number;
  #left: number;

  constructor({ maxBytes, totalBytes }: ItemRoom) {
    this.maxBytes = maxBytes;
    this.#left = totalBytes;
  }

  get left(): number {
    return Math.min(this.maxBytes, this.#left);
  }

  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.#left -= bytes;
    return true;
  }
}

const NO_ROOM: ItemRoom = { maxBytes: 0, totalBytes: 0 };

/** The items that this side sends in place of ids. */
export class OutboundItems {
  /** The peer takes items. */
  readonly open: boolean;
  readonly #room: Room;
  readonly #shortItem: ShortItem;
  readonly #meter: Meter;

  constructor(theirs: ItemRoom | null, init: { shortItem: ShortItem; meter: Meter }) {
    this.open = theirs !== null;
    this.#room = new Room(theirs ?? NO_ROOM);
    this.#shortItem = init.shortItem;
    this.#meter = init.meter;
  }

  /** The item of an id; undefined where the peer gets the id alone. `fits`: bytes that a record can carry. */
  read(id: Uint8Array, fits: number): ToldItem | undefined {
    const most = Math.min(this.#room.left, fits);
    if (most < 0) return undefined;
    this.#meter.spend(LOOKUP_COST, READ_COST);
    const item = this.#shortItem(id, most);
    if (item === undefined || !this.#room.take(item.payload.length)) return undefined;
    return item;
  }
}

/** The items that the peer sends in place of ids. */
export class InboundItems {
  readonly #room: Room | null;
  readonly #meter: Meter;

  constructor(ours: ItemRoom | null, meter: Meter) {
    this.#room = ours === null ? null : new Room(ours);
    this.#meter = meter;
  }

  /** Checks the items of a record, and computes their ids. All lie in the interval. */
  *identify({ items }: ItemsRecord, interval: Interval): NativeWork<VerifiedItem[]> {
    const room = this.#room;
    if (room === null) throw malformed('items where ids alone are taken');
    const ids: Bytes = new Uint8Array(items.length * ID_BYTES);
    const identified: VerifiedItem[] = [];
    for (const [i, { hint, payload }] of items.entries()) {
      if (this.#meter.over) yield 'slice';
      if (!room.take(payload.length))
        throw malformed(`an item of ${payload.length} bytes, where ${room.left} are taken`);
      this.#meter.spend(LOOKUP_COST * (1 + payload.length / HASHED_BYTES));
      const item = identifyItem(hint, payload, ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES));
      if (!lies(item, interval)) throw malformed('an item lies out of its interval');
      identified.push(item);
    }
    return identified;
  }
}

function lies(item: VerifiedItem, { lower, upper }: Interval): boolean {
  return compareBounds(lower, item) <= 0 && compareBounds(item, upper) < 0;
}
