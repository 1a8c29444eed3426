import type { VerifiedItem } from '../../store/index.ts';

/** How a request for items ended. Each outcome has its own penalties for the peer. */
export type FetchOutcome =
  /** Every id was answered, by an item or by "don't have it". */
  | 'complete'
  /** Bytes that do not hash to the id asked for, an item not asked for, or a malformed frame. */
  | 'invalid'
  /** Too few bytes for longer than the stall limit. */
  | 'stalled'
  /** The stream or connection broke, or the request was called off. */
  | 'failed';

/** How a fetch request ended. */
export interface FetchReport {
  readonly peer: string;
  readonly outcome: FetchOutcome;
  /** Items delivered, all verified. */
  readonly items: number;
  /** Ids the peer said it does not have. */
  readonly absent: readonly Uint8Array[];
  /** Items whose payloads are longer than `maxBytes`, and how long the peer says they are. */
  readonly large: readonly { readonly id: Uint8Array; readonly length: number }[];
  /** Ids whose payloads the peer says to be longer than `maxItemBytes`. */
  readonly tooLarge: readonly Uint8Array[];
  /** Payload bytes received, repeats, partial and invalid ones included. */
  readonly payloadBytes: number;
  /** The first id without an answer, or null. */
  readonly endedAt: Uint8Array | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A request for items of one peer. */
export interface FetchRequest {
  readonly peer: string;
  /** Ids wanted; repeated ids are asked for once. */
  readonly ids: readonly Uint8Array[];
  /**
   * Longest payload wanted; for longer ones the peer tells the length, so that they hold up no others.
   * @default `maxItemBytes`
   */
  readonly maxBytes?: number;
  /** Called with the payload bytes of the answers that just came. */
  readonly onProgress?: (bytes: number) => void;
  /**
   * Called with verified items in the order of arrival, several at a time, and awaited: that slows
   * the peer down. Their payloads may share memory, and that of a long one can be of a resizable buffer.
   */
  readonly onItems: (items: readonly VerifiedItem[]) => void | Promise<void>;
  /**
   * Called with each wait of this node for a turn or for its own budget of bytes; the result is awaited instead.
   * @default none
   */
  readonly onWait?: (paid: Promise<void>) => Promise<void>;
  readonly signal?: AbortSignal;
}
