import { type Blake3, blake3 } from '../../../store/index.ts';
import { DIGEST_BYTES } from './constants.ts';

const derive: ReturnType<Blake3['deriveKey']> = blake3.deriveKey('rangemesh range part v1');

/**
 * The digest of a part: the first 16 bytes of BLAKE3 derive_key("rangemesh range part v1") over the nonce of
 * the request, then the ids of the part in key order. `ids`: 32 bytes each, in any pieces.
 */
export function partDigest(nonce: Uint8Array, ...ids: readonly Uint8Array[]): Uint8Array {
  return derive(nonce, ...ids).slice(0, DIGEST_BYTES);
}
