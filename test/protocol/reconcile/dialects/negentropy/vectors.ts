import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hexToBytes, type ItemKey } from '../../../../../src/store/index.ts';

export interface Scenario {
  name: string;
  items: string;
  count_a: number;
  count_b: number;
  messages: { from: 'A' | 'B'; hex: string }[];
  total_bytes: number;
  have: string[];
  need: string[];
}

/** What the C++ implementation produced; see `about` in the file. */
export const scenarios: Scenario[] = JSON.parse(
  readFileSync(new URL('../../../../vectors/negentropy-v1.json', import.meta.url), 'utf8'),
).scenarios;

/** id(tag, i) of the vectors: SHA-256 over le64(i), then the tag. */
export function idOf(tag: string, i: number): Uint8Array {
  const index = new Uint8Array(8);
  new DataView(index.buffer).setBigUint64(0, BigInt(i), true);
  return hexToBytes(createHash('sha256').update(index).update(tag).digest('hex'));
}

/** The items of [0, count) that `keep` holds for, with id(c, i) and a hint of choice. */
function items(
  count: number,
  hint: (i: number) => bigint,
  keep: (i: number) => boolean = () => true,
): ItemKey[] {
  return Array.from({ length: count }, (_, i) => i)
    .filter(keep)
    .map((i) => ({ hint: hint(i), id: idOf('c', i) }));
}

const seconds = (i: number): bigint => BigInt(1_600_000_000 + 10 * i);
const milliseconds = (i: number): bigint => BigInt(1_700_000_000_000 + 10 * i);
const fromTheEnd = (i: number): bigint => 2n ** 64n - 2n - BigInt(1000 * i);
const c = (count: number, keep?: (i: number) => boolean) => items(count, seconds, keep);

/** The sets of the scenarios, from what their `items` fields say. */
export const SETS: Record<string, () => [a: ItemKey[], b: ItemKey[]]> = {
  empty_vs_empty: () => [[], []],
  empty_vs_5: () => [[], c(5)],
  empty_vs_300: () => [[], c(300)],
  equal_1000: () => [c(1000), c(1000)],
  one_diff_in_1000: () => [c(1000, (i) => i !== 500), c(1000)],
  same_timestamp: () => [items(200, () => 1000n), items(205, () => 1000n)],
  milliseconds: () => [
    items(1000, milliseconds, (i) => i !== 500),
    items(1000, milliseconds, (i) => i !== 7),
  ],
  timestamps_to_the_end: () => [
    items(100, fromTheEnd),
    items(100, fromTheEnd, (i) => i !== 3 && i !== 99),
  ],
  spread_20_in_3000: () => [c(3000, (i) => i % 300 !== 7), c(3000, (i) => i % 300 !== 150)],
};
