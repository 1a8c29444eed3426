import type { Bytes } from '../../bytes.ts';
import type { RefusedBy } from '../records/index.ts';

/** An item that an operator keeps out, or that a policy refused from some sources. */
export interface RefusedItem {
  readonly id: Bytes;
  /** Wall time of the refusal in milliseconds since the epoch. */
  readonly at: number;
  readonly by: RefusedBy;
  /** Null if it is unknown. */
  readonly hint: bigint | null;
  readonly reason: string;
}

/** An item that a policy refused. */
export interface PolicyRefusal {
  readonly id: Uint8Array;
  readonly hint: bigint;
  /** Where the item came from. The refusal counts for this source alone. */
  readonly source: string;
  /** At most 256 bytes of UTF-8. */
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

/** The items that are refused. They are durable: no rebuild of the index lets them in. */
export interface Refusals {
  /** Whether an operator keeps the item out, whoever brings it. */
  has(id: Uint8Array): boolean;
  /** Whether an operator keeps the item out, or a policy refused it from this source. */
  hasFrom(source: string, id: Uint8Array): boolean;
  /** Refused ids of each origin. */
  readonly counts: Readonly<Record<RefusedBy, number>>;
  /** Throws `STORE_UNAVAILABLE` while the database is being opened again. */
  get(id: Uint8Array): RefusedItem | undefined;
  /**
   * Keeps the ids out and drops the held items with their payloads, some hundred ids a commit. An id that is kept out
   * already keeps its record; the word of an operator replaces that of a policy. After an error some of the ids
   * may be refused: call it again. Rejects with `TOO_MANY_REFUSED` above the limit.
   *
   * @param reason At most 256 bytes of UTF-8.
   */
  add(items: readonly NewRefusal[], reason: string): Promise<RefusedAdded>;
  /**
   * Remembers refusals of a policy, some hundred a commit. Drops nothing: an item that is held or gets stored has no
   * such refusal. Of an id the last 8 sources are remembered. Beyond the limit the oldest ids make room.
   */
  note(items: readonly PolicyRefusal[]): Promise<void>;
  /** Lets the ids in again. Returns the number of those that were refused. */
  remove(ids: readonly Uint8Array[]): Promise<number>;
  /** In the order of the ids. */
  list(init: RefusedListInit): Promise<RefusedItem[]>;
}
