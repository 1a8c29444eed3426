import type { Random } from '../environment.ts';

/** Most bytes that Web Crypto gives at a time. */
const MOST = 65_536;

/** The real randomness, of Web Crypto. */
export const systemRandom: Random = {
  bytes(length) {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += MOST) crypto.getRandomValues(bytes.subarray(at, at + MOST));
    return bytes;
  },
  fraction: () => Math.random(),
};
