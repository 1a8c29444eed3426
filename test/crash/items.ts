import { itemId, type NewItem, type VerifiedItem, verifyItem } from '../../src/store/index.ts';

/**
 * The item of a number: the same on both sides of a crash, so that a number is all that has to be
 * reported. Even ones have increasing hints, odd ones are scattered over the whole key space.
 */
export function itemOf(number: number): NewItem {
  const draw = words(number);
  const payload = new Uint8Array(4 + lengthOf(draw() % 1_000, draw()));
  const view = new DataView(payload.buffer);
  view.setUint32(0, number);
  // Two thirds are like text: LevelDB compresses them, and cannot read the block when that is damaged.
  const word =
    number % 3 === 0
      ? draw
      : (
          (same) => () =>
            same
        )(draw());
  for (let at = 4; at + 4 <= payload.length; at += 4) view.setUint32(at, word());
  const scattered = (BigInt(draw() >>> 1) << 32n) + BigInt(draw());
  return { hint: number % 2 === 0 ? 1_700_000_000_000n + BigInt(number) : scattered, payload };
}

export function fullItemOf(number: number): VerifiedItem {
  const { hint, payload } = itemOf(number);
  return verifyItem({ hint, payload, id: itemId(hint, payload) });
}

/** Payload bytes: mostly few, now and then as many as several pages of the database. */
function lengthOf(kind: number, word: number): number {
  if (kind < 600) return word % 64;
  if (kind < 945) return 200;
  if (kind < 995) return 1_000 + (word % 3_000);
  return 30_000 + (word % 10_000);
}

/** 32-bit words from a seed (splitmix32). */
function words(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
}
