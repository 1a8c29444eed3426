import type { Bound } from '../../../store/index.ts';
import type { FetchOutcome } from '../report.ts';
import type { RangePart } from './part-reader.ts';

/** A request for all items of a range. */
export interface RangeRequest {
  readonly peer: string;
  readonly lower: Bound;
  readonly upper: Bound;
  /**
   * Called with each part in key order, once its digest is right, and awaited: that slows the peer down.
   * The payloads of items share memory.
   */
  readonly onPart: (part: RangePart) => void | Promise<void>;
  /**
   * Called with the payload bytes that just came.
   * @default none
   */
  readonly onProgress?: (bytes: number) => void;
  /**
   * Called with each wait of this node for a turn or for its own budget of bytes; the result is awaited instead.
   * @default none
   */
  readonly onWait?: (paid: Promise<void>) => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * How a request for a range ended. `mismatch`: the items of a part are not those in the index of the peer,
 * so that either is damaged; that part was not given out.
 */
export type RangeOutcome = FetchOutcome | 'mismatch';

/** How a request for a range ended, and how far it came. */
export interface RangeReport {
  readonly peer: string;
  readonly outcome: RangeOutcome;
  /** All parts below it were given out. A peer may end a complete answer before the upper bound. */
  readonly end: Bound;
  /** Items given out. */
  readonly items: number;
  /** Payload bytes received, also of parts that were not given out. */
  readonly payloadBytes: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}
