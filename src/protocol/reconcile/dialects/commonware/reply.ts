import {
  type Bound,
  type Bytes,
  compareBounds,
  concatBytes,
  ID_BYTES,
  INFINITE_BOUND,
} from '../../../../store/index.ts';
import { MAX_VARINT_BYTES } from '../../../varint.ts';
import type { Interval } from '../../dialect.ts';
import type { MessageRange } from '../shared/index.ts';
import { boundBytes, rangeBytes, withCount, writeRange } from './codec.ts';
import { FINGERPRINT_BYTES } from './constants.ts';

/** The longest bound, and a mode. */
const MAX_HEAD_BYTES = MAX_VARINT_BYTES + 1 + ID_BYTES + 1;

/** The range behind the last fingerprint, up to infinity. */
const END_BYTES = boundBytes(INFINITE_BOUND) + 1;

/** Always kept free: the count, a skip up to the cut, and the fingerprint of the rest. */
const RESERVED_BYTES = MAX_VARINT_BYTES + MAX_HEAD_BYTES + END_BYTES + FINGERPRINT_BYTES;

const FIRST_CAPACITY = 1024;

/**
 * One message in the making, from zero towards infinity. Adjacent skips merge. Callers check the room
 * left, and `cut` the answer where it is too small; then only the fingerprint of the rest may follow.
 */
export class Reply {
  /** Without what is always kept free. */
  readonly #maxBytes: number;
  /** The ranges so far are `#bytes` long here. */
  #out = new Uint8Array(FIRST_CAPACITY);
  #count = 0;
  /** The intervals that this message lists. */
  readonly listed: Interval[] = [];
  /** The bound at which the answer was cut off. */
  cutAt: Bound | null = null;
  #bytes = 0;
  #skip: Bound | null = null;

  /** `upper`: the end of what the sender accepts, behind which stands one more skip. */
  constructor(maxBytes: number, upper: Bound = INFINITE_BOUND) {
    const isAll = compareBounds(upper, INFINITE_BOUND) === 0;
    this.#maxBytes = maxBytes - RESERVED_BYTES - (isAll ? 0 : MAX_HEAD_BYTES);
  }

  /** Nothing but skips so far. */
  get silent(): boolean {
    return this.#count === 0;
  }

  get isCut(): boolean {
    return this.cutAt !== null;
  }

  /** Whether one more fingerprint fits. */
  get fitsFingerprint(): boolean {
    return this.#room() >= FINGERPRINT_BYTES;
  }

  /** Ids that fit into one more list; negative when not even an empty list does. */
  get roomForIds(): number {
    return Math.floor((this.#room() - 4) / ID_BYTES);
  }

  skip(upper: Bound): void {
    this.#skip = upper;
  }

  fingerprint(upper: Bound, fingerprint: Uint8Array): void {
    this.#flush();
    this.#append({ mode: 'fingerprint', upper, fingerprint });
  }

  list(interval: Interval, ids: readonly Uint8Array[]): void {
    this.#flush();
    this.#append({ mode: 'list', upper: interval.upper, ids: concatBytes(...ids) });
    this.#note(interval);
  }

  /** Neighbours become one interval, and no range is kept with its fingerprint or ids: a frame may have 200,000. */
  #note({ lower, upper }: Interval): void {
    const last = this.listed.at(-1);
    if (last?.upper === lower) this.listed[this.listed.length - 1] = { lower: last.lower, upper };
    else this.listed.push({ lower, upper });
  }

  /** Ends the answer at `bound`, up to which the ranges so far reach. */
  cut(bound: Bound): void {
    this.cutAt = bound;
  }

  encode(): Bytes {
    this.#flush();
    return withCount(this.#count, this.#out.subarray(0, this.#bytes));
  }

  #room(): number {
    const pending = this.#skip === null ? 0 : boundBytes(this.#skip) + 1;
    return this.#maxBytes - this.#bytes - pending - MAX_HEAD_BYTES;
  }

  #flush(): void {
    if (this.#skip === null) return;
    this.#append({ mode: 'skip', upper: this.#skip });
    this.#skip = null;
  }

  #append(range: MessageRange): void {
    const bytes = this.#bytes + rangeBytes(range);
    if (bytes > this.#out.length) {
      const larger = new Uint8Array(Math.max(bytes, 2 * this.#out.length));
      larger.set(this.#out.subarray(0, this.#bytes));
      this.#out = larger;
    }
    this.#bytes = writeRange(this.#out, this.#bytes, range);
    this.#count++;
  }
}
