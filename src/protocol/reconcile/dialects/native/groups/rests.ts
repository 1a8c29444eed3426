import { ID_BYTES } from '../../../../../store/index.ts';
import { REST_BYTES } from '../constants.ts';
import type { Context } from '../context.ts';

const FIRST_BYTES = ID_BYTES - REST_BYTES;

/** Ids without their first bytes. */
export function restsOf(ids: Uint8Array): Uint8Array {
  const count = ids.length / ID_BYTES;
  const rests = new Uint8Array(count * REST_BYTES);
  for (let i = 0; i < count; i++) {
    rests.set(ids.subarray(i * ID_BYTES + FIRST_BYTES, (i + 1) * ID_BYTES), i * REST_BYTES);
  }
  return rests;
}

/** The ids with these rests, whose short ids have these high words. */
export function idsFrom(
  rests: Uint8Array,
  highs: readonly number[],
  { coding, key }: Context,
): Uint8Array {
  const ids = new Uint8Array(highs.length * ID_BYTES);
  for (let i = 0; i < highs.length; i++) {
    ids.set(rests.subarray(i * REST_BYTES, (i + 1) * REST_BYTES), i * ID_BYTES + FIRST_BYTES);
  }
  const shorts = new Uint32Array(2 * highs.length);
  coding.shortIds(key.shortIds, ids, shorts, 0, 'wide');
  const view = new DataView(ids.buffer);
  for (const [i, high] of highs.entries()) {
    view.setUint32(i * ID_BYTES, high ^ shorts[2 * i + 1]!, true);
  }
  return ids;
}
