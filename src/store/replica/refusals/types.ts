import type { Bytes } from '../../bytes.ts';
import type { RefusedBy } from '../records/index.ts';

/** An item that is kept out. */
export interface RefusedItem {
  readonly id: Bytes;
  /** Wall time of the refusal in milliseconds since the epoch. */
  readonly at: number;
  readonly by: RefusedBy;
  /** Null if it is unknown. */
  readonly hint: bigint | null;
  readonly reason: string;
}

/** An item to be kept out. */
export interface NewRefusal {
  readonly id: Uint8Array;
  /** @default unknown, unless the item is held */
  readonly hint?: bigint;
}

/** The result of `Refusals.add`. */
export interface RefusedAdded {
  /** Ids that were not refused before. */
  readonly added: number;
  /** Held items that have left the set. */
  readonly dropped: number;
}

/** A page of `Refusals.list`. */
export interface RefusedListInit {
  /** Go on behind this id. @default from the first */
  after?: Uint8Array | undefined;
  /** Most items, at least 1. */
  limit: number;
}

/** The items that are kept out of a set. They are durable: no rebuild of the index lets them in. */
export interface Refusals {
  has(id: Uint8Array): boolean;
  /** Refused ids of each origin. */
  readonly counts: Readonly<Record<RefusedBy, number>>;
  /** Throws `STORE_UNAVAILABLE` while the database is being opened again. */
  get(id: Uint8Array): RefusedItem | undefined;
  /**
   * Keeps the ids out and drops the held items with their payloads, some hundred ids a commit. An id that is refused
   * already keeps its record; the word of an operator replaces that of a policy. After an error some of the ids
   * may be refused: call it again. Rejects with `TOO_MANY_REFUSED` above the limit of operators. Beyond the limit of
   * policies their oldest refusals make room.
   *
   * @param reason At most 256 bytes of UTF-8.
   */
  add(items: readonly NewRefusal[], by: RefusedBy, reason: string): Promise<RefusedAdded>;
  /** Lets the ids in again. Returns the number of those that were refused. */
  remove(ids: readonly Uint8Array[]): Promise<number>;
  /** In the order of the ids. */
  list(init: RefusedListInit): Promise<RefusedItem[]>;
}
