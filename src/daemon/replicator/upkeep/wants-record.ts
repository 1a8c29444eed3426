import type { Want } from '../../../protocol/index.ts';
import { blake3, concatBytes, equalBytes, ID_BYTES } from '../../../store/index.ts';

/** Ids kept over a restart: 2.4 MB. A session finds further ones. */
export const MAX_KEPT = 65_536;

const MAGIC = Uint8Array.of(0x72, 0x6d, 0x77, 0x01);
const CHECKSUM_BYTES = 16;
const WANT_BYTES = ID_BYTES + 5;
const MINUTE_MS = 60_000;

/** Longest record. */
export const MAX_RECORD_BYTES: number = MAGIC.length + MAX_KEPT * WANT_BYTES + CHECKSUM_BYTES;

/**
 * `72 6d 77 | version 01 | wants | first 16 bytes of the BLAKE3 hash of all that`; a want is its id,
 * since when in minutes since the epoch as u32 little-endian, and 01 when it is confirmed, else 00.
 */
export function encodeWants(wants: readonly Want[]): Uint8Array {
  const body = new Uint8Array(wants.length * WANT_BYTES);
  const view = new DataView(body.buffer);
  for (const [i, { id, since, confirmed }] of wants.entries()) {
    body.set(id, i * WANT_BYTES);
    view.setUint32(i * WANT_BYTES + ID_BYTES, Math.floor(since / MINUTE_MS), true);
    body[i * WANT_BYTES + ID_BYTES + 4] = confirmed ? 1 : 0;
  }
  return concatBytes(MAGIC, body, checksum(body));
}

/** Null for bytes that `encodeWants` does not write. */
export function decodeWants(record: Uint8Array): Want[] | null {
  const body = record.subarray(MAGIC.length, record.length - CHECKSUM_BYTES);
  const whole = record.length >= MAGIC.length + CHECKSUM_BYTES && body.length % WANT_BYTES === 0;
  if (!whole || !equalBytes(record.subarray(0, MAGIC.length), MAGIC)) return null;
  if (!equalBytes(record.subarray(record.length - CHECKSUM_BYTES), checksum(body))) return null;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  return Array.from({ length: body.length / WANT_BYTES }, (_, i) => ({
    id: body.slice(i * WANT_BYTES, i * WANT_BYTES + ID_BYTES),
    since: view.getUint32(i * WANT_BYTES + ID_BYTES, true) * MINUTE_MS,
    confirmed: body[i * WANT_BYTES + ID_BYTES + 4] === 1,
  }));
}

function checksum(body: Uint8Array): Uint8Array {
  return blake3.hash(MAGIC, body).subarray(0, CHECKSUM_BYTES);
}
