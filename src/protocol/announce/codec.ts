import {
  bytesToKey,
  concatBytes,
  ID_BYTES,
  INFINITE_HINT,
  type Item,
  type ItemKey,
} from '../../store/index.ts';
import { malformed, ProtocolError } from '../errors.ts';
import { decodeCount, encodeCount, MAX_COUNT_BYTES } from '../varint.ts';

/** First byte of a frame: what its records are. */
export const KIND = { items: 0x01, keys: 0x02 } as const;

export const EPOCH_BYTES = 8;
const HINT_BYTES = 8;

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
  const length = encodeCount(item.length);
  const { payload = new Uint8Array(0) } = item;
  const bytes = new Uint8Array(HINT_BYTES + ID_BYTES + length.length + payload.length);
  new DataView(bytes.buffer).setBigUint64(0, item.hint);
  bytes.set(item.id, HINT_BYTES);
  bytes.set(length, HINT_BYTES + ID_BYTES);
  bytes.set(payload, HINT_BYTES + ID_BYTES + length.length);
  return bytes;
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
 * What a frame says; its arrays are views on it. Throws `FRAME_TOO_LARGE`, `BUDGET_SPENT` or
 * `MALFORMED_FRAME`. Whether ids are right is not looked at.
 */
export function decodeFrame(frame: Uint8Array, limits: AnnounceLimits): Announcement {
  if (frame.length > limits.maxFrameBytes) {
    throw new ProtocolError(
      'FRAME_TOO_LARGE',
      `an announcement has ${frame.length} bytes; ${limits.maxFrameBytes} are accepted`,
    );
  }
  const kind = kindOf(frame[0]);
  const epoch = frame.subarray(1, 1 + EPOCH_BYTES);
  const { value: sequence, end } = decodeCount(frame, 1 + EPOCH_BYTES);
  const records = new RecordReader(frame, end, limits.maxRecords);
  if (kind === 'items') return { kind, epoch, sequence, items: [...records.items()] };
  return { kind, epoch, sequence, keys: [...records.keys()] };
}

function kindOf(byte: number | undefined): keyof typeof KIND {
  if (byte === KIND.items) return 'items';
  if (byte === KIND.keys) return 'keys';
  throw malformed(`an announcement begins with 01 or 02, not ${byte ?? 'nothing'}`);
}

/** Reads records one after the other; makes room for no more than has come. */
class RecordReader {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #maxRecords: number;
  readonly #seen = new Set<string>();
  #at: number;

  constructor(frame: Uint8Array, begin: number, maxRecords: number) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#at = begin;
    this.#maxRecords = maxRecords;
    if (begin === frame.length) throw malformed('an announcement announces nothing');
  }

  *items(): Generator<Item> {
    while (this.#at < this.#frame.length) {
      const { hint, id, length } = this.#key();
      if (length > this.#frame.length - this.#at) throw malformed('a payload is cut off');
      const payload = this.#frame.subarray(this.#at, this.#at + length);
      this.#at += length;
      yield { hint, id, payload };
    }
  }

  *keys(): Generator<AnnouncedKey> {
    while (this.#at < this.#frame.length) {
      const key = this.#key();
      if (key.length === 0) throw malformed('the key of an empty payload is announced without it');
      yield key;
    }
  }

  #key(): AnnouncedKey {
    const begin = this.#at;
    const end = begin + HINT_BYTES + ID_BYTES;
    if (end > this.#frame.length) throw malformed('a key is cut off');
    const hint = this.#view.getBigUint64(begin);
    if (hint === INFINITE_HINT) throw malformed('a key has the reserved hint 2^64-1');
    const id = this.#frame.subarray(begin + HINT_BYTES, end);
    this.#count(id);
    const length = decodeCount(this.#frame, end);
    this.#at = length.end;
    return { hint, id, length: length.value };
  }

  #count(id: Uint8Array): void {
    if (this.#seen.size === this.#maxRecords) {
      throw new ProtocolError(
        'BUDGET_SPENT',
        `an announcement has more than ${this.#maxRecords} records, which is what is accepted`,
      );
    }
    if (this.#seen.size === this.#seen.add(bytesToKey(id)).size) {
      throw malformed('an announcement names an id twice');
    }
  }
}
