import { invariant, type RangePage } from '../../../store/index.ts';
import { countBytes, varintBytes, writeCount, writeVarint } from '../../varint.ts';
import { encodeLong, TAG } from './codec.ts';
import { RANGE_FRAME_BYTES } from './constants.ts';

const TAG_BYTES = 1;

/** Turns the records of a page into frames: `02 | (hint difference | length | payload)...`. */
export function* packItems({ records }: Pick<RangePage, 'records'>): Generator<Uint8Array> {
  const frame = new FrameInProgress();
  for (const record of records) {
    if ('payload' in record) {
      if (!frame.fits(record)) yield frame.take();
      frame.add(record);
      continue;
    }
    if (!frame.empty) yield frame.take();
    yield encodeLong(record);
  }
  if (!frame.empty) yield frame.take();
}

interface ShortRecord {
  readonly hint: bigint;
  readonly payload: Uint8Array;
}

/** Differences count from 0 in each frame. */
class FrameInProgress {
  /** Made with its first item. */
  #bytes = new Uint8Array(0);
  #at = TAG_BYTES;
  #hint = 0n;

  get empty(): boolean {
    return this.#at === TAG_BYTES;
  }

  fits({ hint, payload }: ShortRecord): boolean {
    const { length } = payload;
    const bytes = varintBytes(hint - this.#hint) + countBytes(length) + length;
    return this.#at + bytes <= RANGE_FRAME_BYTES;
  }

  add({ hint, payload }: ShortRecord): void {
    if (this.empty) this.#bytes = new Uint8Array(RANGE_FRAME_BYTES);
    this.#at = writeVarint(this.#bytes, this.#at, hint - this.#hint);
    this.#at = writeCount(this.#bytes, this.#at, payload.length);
    this.#bytes.set(payload, this.#at);
    this.#at += payload.length;
    this.#hint = hint;
    invariant(this.#at <= RANGE_FRAME_BYTES, 'session', 'RANGE_FRAME', this.#at);
  }

  take(): Uint8Array {
    this.#bytes[0] = TAG.items;
    const frame = this.#bytes.subarray(0, this.#at);
    this.#at = TAG_BYTES;
    this.#hint = 0n;
    return frame;
  }
}
