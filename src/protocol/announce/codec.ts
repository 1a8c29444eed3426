import {
  bytesToKey,
  concatBytes,
  ID_BYTES,
  INFINITE_HINT,
  type Item,
  type ItemKey,
} from '../../store/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { malformed, ProtocolError } from '../errors.ts';
import { encodeCount, encodeU64, MAX_COUNT_BYTES } from '../varint.ts';

/** First byte of a frame: the kind of its records. */
export const KIND = { items: 0x01, keys: 0x02 } as const;

export const EPOCH_BYTES = 8;

/** Longest beginning of a frame. */
export const HEADER_BYTES: number = 1 + EPOCH_BYTES + MAX_COUNT_BYTES;

/** An item too long to go along. */
export interface AnnouncedKey extends ItemKey {
  /** Bytes of the payload. */
  readonly length: number;
}

/** Which frame of its publisher this is, so that a receiver sees when it missed some. */
export interface FrameNumber {
  /** 8 bytes, chosen anew at each start of the publisher. */
  readonly epoch: Uint8Array;
  /** Counts from 0, for each kind of frame apart. */
  readonly sequence: number;
}

export type Announcement<Announced extends Item = Item> = FrameNumber &
  (
    | { readonly kind: 'items'; readonly items: readonly Announced[] }
    | { readonly kind: 'keys'; readonly keys: readonly AnnouncedKey[] }
  );

export interface AnnounceLimits {
  readonly maxFrameBytes: number;
  readonly maxRecords: number;
}

/** `hint, 8 bytes big-endian | id | length`, and for an item its payload. */
export function encodeRecord(item: ItemKey & { length: number; payload?: Uint8Array }): Uint8Array {
  const { hint, id, length, payload = new Uint8Array(0) } = item;
  return concatBytes(encodeU64(hint), id, encodeCount(length), payload);
}

/** `kind | epoch | sequence | records`. */
export function encodeFrame(
  kind: keyof typeof KIND,
  { epoch, sequence }: FrameNumber,
  records: readonly Uint8Array[],
): Uint8Array {
  return concatBytes(Uint8Array.of(KIND[kind]), epoch, encodeCount(sequence), ...records);
}

/**
 * A frame as an announcement; its arrays are views on it. Throws `FRAME_TOO_LARGE`, `BUDGET_SPENT` or
 * `MALFORMED_FRAME`. Ids are not checked.
 */
export function decodeFrame(frame: Uint8Array, limits: AnnounceLimits): Announcement {
  if (frame.length > limits.maxFrameBytes) {
    throw new ProtocolError(
      'FRAME_TOO_LARGE',
      `an announcement has ${frame.length} bytes; ${limits.maxFrameBytes} are accepted`,
    );
  }
  const kind = kindOf(frame[0]);
  const records = new RecordReader(frame.subarray(1), limits.maxRecords);
  const number = { epoch: records.take(EPOCH_BYTES), sequence: records.number() };
  if (records.remaining === 0) throw malformed('an announcement announces nothing');
  if (kind === 'items') return { kind, ...number, items: [...records.items()] };
  return { kind, ...number, keys: [...records.keys()] };
}

function kindOf(byte: number | undefined): keyof typeof KIND {
  if (byte === KIND.items) return 'items';
  if (byte === KIND.keys) return 'keys';
  throw malformed(`an announcement begins with 01 or 02, not ${byte ?? 'nothing'}`);
}

/** Reads records one after the other; makes room for no more than has come. */
class RecordReader extends ByteReader {
  readonly #maxRecords: number;
  readonly #seen = new Set<string>();

  constructor(bytes: Uint8Array, maxRecords: number) {
    super({ bytes, malformed, truncated: 'an announcement is cut off' });
    this.#maxRecords = maxRecords;
  }

  *items(): Generator<Item> {
    while (this.remaining > 0) {
      const { hint, id, length } = this.#key();
      yield { hint, id, payload: this.take(length) };
    }
  }

  *keys(): Generator<AnnouncedKey> {
    while (this.remaining > 0) {
      const key = this.#key();
      if (key.length === 0) throw malformed('the key of an empty payload is announced without it');
      yield key;
    }
  }

  #key(): AnnouncedKey {
    const hint = this.u64();
    if (hint === INFINITE_HINT) throw malformed('a key has the reserved hint 2^64-1');
    const id = this.take(ID_BYTES);
    this.#count(id);
    return { hint, id, length: this.number() };
  }

  #count(id: Uint8Array): void {
    if (this.#seen.size === this.#maxRecords) {
      throw new ProtocolError(
        'BUDGET_SPENT',
        `an announcement has more than ${this.#maxRecords} records, the most that is accepted`,
      );
    }
    if (this.#seen.size === this.#seen.add(bytesToKey(id)).size) {
      throw malformed('an announcement names an id twice');
    }
  }
}
