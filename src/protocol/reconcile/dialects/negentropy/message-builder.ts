import {
  type Bound,
  type Bytes,
  compareBounds,
  ID_BYTES,
  INFINITE_BOUND,
  type Snapshot,
} from '../../../../store/index.ts';
import { BUCKETS, RESERVED_BYTES } from './constants.ts';
import { splitRange } from './split.ts';
import { MessageWriter } from './writer.ts';

/** A range of the peer's message, and the ranks of our keys in it. */
export interface AnswerPlace {
  readonly upper: Bound;
  readonly begin: number;
  readonly end: number;
}

/**
 * In a full message the fingerprint of the rest starts at the dropped range. The reference starts it
 * behind that range and also drops the skip before it: its peer sees a difference there, so that
 * sessions end later.
 */
export type Overflow = 'correct' | 'reference';

export interface AnswerInit {
  snapshot: Snapshot;
  /** Frame size limit; 0 is none. */
  maxBytes: number;
  overflow: Overflow;
}

/** An answer in the making, range by range, from left to right. */
export class MessageBuilder {
  readonly #snapshot: Snapshot;
  readonly #overflow: Overflow;
  readonly #writer: MessageWriter;
  /** The message is full when it is longer. */
  readonly #fullAt: number;
  #skip: Bound | null = null;
  /** The last range is written: the fingerprint of the rest stands behind it. */
  full = false;
  /** Has fingerprints, which the peer may answer. */
  asks = false;

  constructor({ snapshot, maxBytes, overflow }: AnswerInit) {
    this.#snapshot = snapshot;
    this.#overflow = overflow;
    const limit = maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes;
    this.#writer = new MessageWriter(limit);
    this.#fullAt = limit - RESERVED_BYTES;
  }

  /** Nothing but skips so far. */
  get silent(): boolean {
    return this.#writer.length === 1;
  }

  /** Ids that fit into one more list. */
  get roomForIds(): number {
    return Math.floor((this.#fullAt - this.#writer.length) / ID_BYTES) + 1;
  }

  skip(upper: Bound): void {
    this.#skip = upper;
  }

  /** Narrows a range: fingerprints of its parts, or all ids where they are few. */
  split(place: AnswerPlace): void {
    const mark = this.#writer.mark();
    const skip = this.#skip;
    this.#flush();
    this.#parts(place);
    if (this.#writer.length <= this.#fullAt) return;
    this.#writer.rewind(mark);
    this.#skip = this.#overflow === 'correct' ? skip : null;
    this.putOff(this.#overflow === 'correct' ? place.begin : place.end);
  }

  /** Ids of a range; the first that does not fit becomes its upper bound. */
  list({ upper, begin, end }: AnswerPlace): void {
    const cut = Math.min(begin + this.roomForIds, end);
    this.#flush();
    const bound = cut < end ? this.#snapshot.select(cut) : upper;
    this.#writer.list(bound, cut - begin, pieces(this.#snapshot, begin, cut));
    if (this.#writer.length <= this.#fullAt) return;
    const nothingLeft = compareBounds(bound, INFINITE_BOUND) === 0;
    if (nothingLeft && this.#overflow === 'correct') this.full = true;
    else this.putOff(cut);
  }

  /** Ends the message with one fingerprint of all keys from rank `begin` on. */
  putOff(begin: number): void {
    this.#flush();
    this.#fingerprint(INFINITE_BOUND, fingerprintOf(this.#snapshot, begin, this.#snapshot.size));
    this.full = true;
  }

  encode(): Bytes {
    return this.#writer.encode();
  }

  #parts({ upper, begin, end }: AnswerPlace): void {
    if (end - begin < 2 * BUCKETS) {
      this.#writer.list(upper, end - begin, [this.#snapshot.ids(begin, end)]);
      return;
    }
    for (const part of splitRange(this.#snapshot, begin, end, upper)) {
      this.#fingerprint(part.upper, part.fingerprint);
    }
  }

  #fingerprint(upper: Bound, fingerprint: Uint8Array): void {
    this.#writer.fingerprint(upper, fingerprint);
    this.asks = true;
  }

  #flush(): void {
    if (this.#skip !== null) this.#writer.skip(this.#skip);
    this.#skip = null;
  }
}

/** What stands on the wire for the keys of [begin, end): 16 bytes. */
export function fingerprintOf(snapshot: Snapshot, begin: number, end: number): Uint8Array {
  return snapshot.scheme.digest(snapshot.fingerprint(begin, end), end - begin);
}

/** Ids taken from a snapshot at a time. */
export const PIECE = 1024;

/** The ids of [begin, end), some at a time, concatenated. */
export function* pieces(snapshot: Snapshot, begin: number, end: number): Iterable<Uint8Array> {
  for (let at = begin; at < end; at += PIECE) yield snapshot.ids(at, Math.min(at + PIECE, end));
}
