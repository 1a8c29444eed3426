import {
  type Bound,
  compareBounds,
  compareKeys,
  equalBytes,
  ID_BYTES,
  INFINITE_HINT,
  type ItemKey,
  identifyItem,
  invariant,
  type VerifiedItem,
} from '../../../store/index.ts';
import { ByteReader } from '../../byte-reader.ts';
import { ProtocolError, unexpected } from '../../errors.ts';
import {
  decodeEnd,
  decodeLong,
  type LongItem,
  malformed,
  type PartEnd,
  type RangeQuery,
  TAG,
} from './codec.ts';
import { PART_BYTES, PART_ITEMS } from './constants.ts';
import { partDigest } from './part-digest.ts';

/** A whole part of an answer, in key order. */
export interface RangePart {
  /** All keys of the peer in [begin, end) are in `items` or `long`. */
  readonly begin: Bound;
  readonly end: Bound;
  readonly items: readonly VerifiedItem[];
  /** Items that are too long to be streamed, by the word of the peer. */
  readonly long: readonly LongItem[];
}

/** Ids that get memory at a time. */
const BLOCK_IDS = 256;

/** The requester's side of a request for a range: takes frames, gives proved parts. No clock, no I/O. */
export class PartReader {
  /** Payload bytes that came, with those of parts that have not ended. */
  payloadBytes = 0;
  readonly #query: RangeQuery;
  #begin: Bound;
  #items: VerifiedItem[] = [];
  #long: LongItem[] = [];
  #partBytes = 0;
  /** The last key that came. */
  #last: ItemKey | null = null;
  /** Ids of the part; the last block has room left. */
  #blocks: Uint8Array[] = [];
  #count = 0;

  constructor(query: RangeQuery) {
    this.#query = query;
    this.#begin = query.lower;
  }

  /** The parts so far hold all keys below it. */
  get end(): Bound {
    return this.#begin;
  }

  /** Nothing of a part has come since the last one ended. */
  get atPartEnd(): boolean {
    return this.#count === 0;
  }

  get done(): boolean {
    return compareBounds(this.#begin, this.#query.upper) === 0;
  }

  /**
   * The part that the frame ends, or null. Throws `MALFORMED_FRAME`, `UNEXPECTED_FRAME` (out of order, out
   * of the range, or above the limits), or `RANGE_MISMATCH` when the ids are not those of the peer's index.
   */
  read(frame: Uint8Array): RangePart | null {
    if (this.done) throw unexpected('a frame behind the end of the range');
    if (frame[0] === TAG.items) this.#takeItems(frame);
    else if (frame[0] === TAG.long) this.#takeLong(decodeLong(frame));
    else return this.#finish(decodeEnd(frame));
    return null;
  }

  #takeItems(frame: Uint8Array): void {
    const reader = new ByteReader({
      bytes: frame.subarray(1),
      malformed,
      truncated: 'an item is cut off',
    });
    // It would count as progress, and cost its sender nothing.
    if (reader.remaining === 0) throw malformed('it has no item');
    let hint = 0n;
    while (reader.remaining > 0) {
      hint += reader.varint();
      if (hint >= INFINITE_HINT) throw malformed('an item carries a hint that no item may have');
      const length = reader.number();
      if (length > this.#query.maxBytes) {
        throw unexpected(
          `an item of ${length} bytes, where ${this.#query.maxBytes} were asked for`,
        );
      }
      const payload = reader.take(length);
      this.payloadBytes += length;
      this.#partBytes += length;
      const id = this.#newId();
      const item = identifyItem(hint, payload, id);
      this.#items.push(item);
      this.#follow(item);
    }
    this.#checkEnd();
    if (this.#partBytes >= PART_BYTES + this.#query.maxBytes)
      throw unexpected('a part is too long');
  }

  #takeLong(item: LongItem): void {
    if (item.length <= this.#query.maxBytes) {
      throw unexpected(`an item of ${item.length} bytes is called too long`);
    }
    this.#newId().set(item.id);
    this.#long.push(item);
    this.#follow(item);
    this.#checkEnd();
  }

  /** Memory for the next id of the part. */
  #newId(): Uint8Array {
    if (this.#count === PART_ITEMS) throw unexpected(`a part has more than ${PART_ITEMS} items`);
    const at = this.#count++ % BLOCK_IDS;
    if (at === 0) this.#blocks.push(new Uint8Array(BLOCK_IDS * ID_BYTES));
    return this.#blocks.at(-1)!.subarray(at * ID_BYTES, (at + 1) * ID_BYTES);
  }

  /** Keys rise from the lower bound on, so that none comes twice. */
  #follow(key: ItemKey): void {
    const isFirst = this.#last === null;
    if (isFirst ? compareBounds(key, this.#query.lower) < 0 : compareKeys(key, this.#last!) <= 0) {
      throw misplaced(key, this.#last ?? this.#query.lower, 'an item that is out of order');
    }
    this.#last = key;
  }

  /** Once for a frame, since keys rise. */
  #checkEnd(): void {
    const { upper } = this.#query;
    if (this.#last === null || compareBounds(this.#last, upper) < 0) return;
    throw misplaced(this.#last, upper, 'an item above the range');
  }

  #finish({ count, digest, end }: PartEnd): RangePart {
    const begin = this.#begin;
    if (count !== this.#count) throw malformed(`a part of ${count} items has ${this.#count}`);
    if (!equalBytes(digest, partDigest(this.#query.nonce, ...this.#idPieces()))) throw mismatch();
    const isBelow = compareBounds(end, this.#last ?? begin) <= 0;
    if (isBelow || compareBounds(end, this.#query.upper) > 0)
      throw malformed('a part ends at a wrong bound');
    // Parts without items could go on for ever.
    if (count === 0 && compareBounds(end, this.#query.upper) < 0)
      throw malformed('a part without items ends before the range');
    const part = { begin, end, items: this.#items, long: this.#long };
    const ids = this.#items.length + this.#long.length;
    invariant(ids === this.#count, 'session', 'PART_COUNT', [ids, this.#count]);
    this.#begin = end;
    this.#items = [];
    this.#long = [];
    this.#blocks = [];
    this.#partBytes = 0;
    this.#count = 0;
    return part;
  }

  #idPieces(): Uint8Array[] {
    const used = this.#count % BLOCK_IDS;
    if (used === 0) return this.#blocks;
    return [...this.#blocks.slice(0, -1), this.#blocks.at(-1)!.subarray(0, used * ID_BYTES)];
  }
}

/** The id is that of the payload: damage at an honest peer may move it among items of one hint. */
function misplaced({ hint, id }: ItemKey, bound: Bound, what: string): ProtocolError {
  const moved = hint === bound.hint && bound.id !== null && !equalBytes(id, bound.id);
  return moved ? mismatch() : unexpected(what);
}

function mismatch(): ProtocolError {
  return new ProtocolError(
    'RANGE_MISMATCH',
    'the items of a range are not those in the index of the peer: a session finds the difference',
  );
}
