import { type Bound, ID_BYTES, INFINITE_HINT, ZERO_BOUND } from '../../../../store/index.ts';
import { ByteReader } from '../../../byte-reader.ts';
import { malformedAs } from '../../../errors.ts';
import { checkMessageBytes, type DecodeLimits, type MessageRange } from '../shared/index.ts';
import { FINGERPRINT_BYTES, FIRST_VERSION_BYTE, LAST_VERSION_BYTE } from './constants.ts';
import { readVarint } from './varint.ts';

const malformed = malformedAs('this is no negentropy message');

/**
 * Reads a message range by range, as views of it. A count is believed only as far as the bytes behind
 * it reach. Throws `ProtocolError` `FRAME_TOO_LARGE` or, at the bad range, `MALFORMED_FRAME`.
 */
export class MessageReader {
  /** The first byte, 0x60 to 0x6f. */
  readonly version: number;
  readonly #bytes: ByteReader;
  #bound: Bound = ZERO_BOUND;

  constructor(message: Uint8Array, limits: DecodeLimits) {
    checkMessageBytes(message.length, limits);
    this.#bytes = new ByteReader({
      bytes: message,
      malformed,
      truncated: 'it is cut off',
      readVarint,
    });
    this.version = this.#bytes.byte();
    if (this.version < FIRST_VERSION_BYTE || this.version > LAST_VERSION_BYTE) {
      throw malformed('its first byte is no version from 0x60 to 0x6f');
    }
  }

  get done(): boolean {
    return this.#bytes.remaining === 0;
  }

  /** The next range. Its bound is at or above the previous bound. */
  range(): MessageRange {
    const upper = this.#upper();
    const mode = this.#bytes.varint();
    if (mode === 0n) return { mode: 'skip', upper };
    if (mode === 1n) {
      return { mode: 'fingerprint', upper, fingerprint: this.#bytes.take(FINGERPRINT_BYTES) };
    }
    if (mode === 2n) return { mode: 'list', upper, ids: this.#ids() };
    throw malformed(`mode ${mode} is unknown`);
  }

  #upper(): Bound {
    const hint = this.#hint();
    const length = this.#bytes.varint();
    if (length > ID_BYTES) throw malformed(`a bound has an id prefix of ${length} bytes`);
    const id = length === 0n ? null : this.#bytes.take(Number(length));
    const upper = { hint, id };
    if (hint === INFINITE_HINT && id !== null) throw malformed('a bound lies past infinity');
    if (comparePadded(this.#bound, upper) > 0) throw malformed('its bounds decrease');
    this.#bound = upper;
    return upper;
  }

  #hint(): bigint {
    const difference = this.#bytes.varint();
    if (difference === 0n) return INFINITE_HINT;
    const hint = this.#bound.hint + difference - 1n;
    if (hint < INFINITE_HINT) return hint;
    throw malformed('a bound lies past infinity');
  }

  #ids(): Uint8Array {
    const count = this.#bytes.varint();
    const room = Math.floor(this.#bytes.remaining / ID_BYTES);
    if (count > room) throw malformed(`it announces ${count} ids and has at most ${room}`);
    return this.#bytes.take(Number(count) * ID_BYTES);
  }
}

/** The order of bounds with ids padded with zeros. */
function comparePadded(a: Bound, b: Bound): number {
  if (a.hint !== b.hint) return a.hint < b.hint ? -1 : 1;
  for (let i = 0; i < ID_BYTES; i++) {
    const difference = (a.id?.[i] ?? 0) - (b.id?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
