import fc from 'fast-check';
import type { ItemKey } from '../../src/store/index.ts';

/** Two sets that differ. */
export interface Pair {
  readonly a: ItemKey[];
  readonly b: ItemKey[];
}

export interface PairSpec {
  seed: number;
  /** Items both sides hold, and each alone. */
  common: number;
  onlyA: number;
  onlyB: number;
  /** Where what differs lies: anywhere, or within a narrow span of hints. */
  spread: 'anywhere' | 'clustered';
  /** How hints fall: all over the key space, in milliseconds, a few values only, all the same. */
  hints: 'wild' | 'clock' | 'few' | 'one';
  /** Whether common ids may have another hint on the other side. */
  moved: boolean;
}

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 60 }) },
  { weight: 2, arbitrary: fc.nat({ max: 700 }) },
  { weight: 1, arbitrary: fc.nat({ max: 2_500 }) },
);

export const pairs: fc.Arbitrary<PairSpec> = fc.record({
  seed: fc.nat(),
  common: sizes,
  onlyA: sizes,
  onlyB: sizes,
  spread: fc.constantFrom('anywhere', 'clustered'),
  hints: fc.constantFrom('wild', 'clock', 'few', 'one'),
  moved: fc.boolean(),
});

/** The pair a spec stands for; the same spec gives the same pair. */
export function pairOf(spec: PairSpec): Pair {
  const draw = generator(spec.seed);
  const hint = (narrow: boolean): bigint => hintOf(spec.hints, draw, narrow);
  const make = (narrow: boolean): ItemKey => ({ hint: hint(narrow), id: idOf(draw) });
  const common = Array.from({ length: spec.common }, () => make(false));
  const narrow = spec.spread === 'clustered';
  const onlyA = Array.from({ length: spec.onlyA }, () => make(narrow));
  const onlyB = Array.from({ length: spec.onlyB }, () => make(narrow));
  const moved = common.map((key) =>
    spec.moved && draw() % 8 === 0 ? { hint: hint(false), id: key.id } : key,
  );
  return { a: [...common, ...onlyA], b: [...moved, ...onlyB] };
}

/** `count` keys with hints a few milliseconds apart. */
export function keysOf(seed: number, count: number): ItemKey[] {
  const draw = generator(seed);
  return Array.from({ length: count }, (_, i) => ({ hint: BigInt(1e12 + i * 10), id: idOf(draw) }));
}

function hintOf(kind: PairSpec['hints'], draw: () => number, narrow: boolean): bigint {
  const word = BigInt(draw());
  if (kind === 'one') return 1_700_000_000_000n;
  if (kind === 'few') return [0n, 5n, 2n ** 53n, 2n ** 64n - 2n][Number(word % 4n)]!;
  if (kind === 'clock')
    return 1_700_000_000_000n + (narrow ? 40_000n + (word % 500n) : word % 100_000n);
  return narrow ? 2n ** 63n + word : (word << 32n) + BigInt(draw() >>> 1);
}

export function idOf(draw: () => number): Uint8Array {
  const words = new DataView(new ArrayBuffer(32));
  for (let at = 0; at < 32; at += 4) words.setUint32(at, draw());
  return new Uint8Array(words.buffer);
}

/** Uniform 32-bit words from a seed (splitmix32): quick, and good enough for test data. */
export function generator(seed: number): () => number {
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
