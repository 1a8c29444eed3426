import { blockOf, checkOf, eachCell } from '../../../../../store/index.ts';

/** Short ids that one side has and the other has not, as pairs of words, the low one first. */
export type Shorts = Uint32Array;

/**
 * Decodes the difference of two sets from the difference of their first `symbols` symbols, which it
 * uses up. Returns the short ids on one side only, or null when the symbols do not suffice. Recovers
 * at most as many as there are symbols, each once.
 */
export function peel(cells: Uint32Array, symbols: number): Shorts | null {
  const last = blockOf(symbols - 1);
  const found: number[] = [];
  const seen = new Set<number>();
  const queue = Array.from({ length: symbols }, (_, i) => i);
  for (let cell = queue.pop(); cell !== undefined; cell = queue.pop()) {
    const low = cells[2 * cell]!;
    const high = cells[2 * cell + 1]!;
    if (!isPure(low, high, cell)) continue;
    // All but the check, which follows from it: 48 bits.
    const name = high * 0x10000 + (low >>> 16);
    if (seen.has(name) || seen.size === symbols) return null;
    seen.add(name);
    found.push(low, high);
    eachCell(low, high, { first: 0, last }, (at) => {
      if (at >= symbols) return;
      cells[2 * at]! ^= low;
      cells[2 * at + 1]! ^= high;
      queue.push(at);
    });
  }
  return cells.subarray(0, 2 * symbols).some((word) => word !== 0) ? null : Uint32Array.from(found);
}

/** Whether a symbol can be one short id alone: its check is right, and it belongs there. */
function isPure(low: number, high: number, cell: number): boolean {
  if (checkOf(high, low >>> 16) !== (low & 0xffff) || (low | high) === 0) return false;
  const block = blockOf(cell);
  let times = 0;
  eachCell(low, high, { first: block, last: block }, (at) => {
    if (at === cell) times++;
  });
  return times % 2 === 1;
}
