import { compareAt, type KeyRun, newRun } from '../../tree/index.ts';
import { type Blocks, ID_WORDS, wordsOf } from './blocks.ts';
import { orderOf } from './order.ts';

/** The keys in key order. */
export function sortKeys(blocks: Blocks): KeyRun {
  const columns = [hintWords(blocks, 0), hintWords(blocks, 1)];
  const order = orderOf(blocks.length, columns, (a, b) =>
    compareAt(blocks.of(a), blocks.offsetOf(a), blocks.of(b), blocks.offsetOf(b)),
  );
  const run = newRun(order.length);
  const words = wordsOf(run.ids);
  for (let i = 0; i < order.length; i++) {
    const block = blocks.of(order[i]!);
    const at = blocks.offsetOf(order[i]!);
    run.hints[2 * i] = block.hints[2 * at]!;
    run.hints[2 * i + 1] = block.hints[2 * at + 1]!;
    copyId(block.words, at * ID_WORDS, words, i * ID_WORDS);
  }
  return run;
}

function hintWords(blocks: Blocks, which: 0 | 1): Uint32Array {
  const words = new Uint32Array(blocks.length);
  for (let i = 0; i < words.length; i++) {
    words[i] = blocks.of(i).hints[2 * blocks.offsetOf(i) + which]!;
  }
  return words;
}

/** Written out: `set` takes three times as long for so few words. */
function copyId(from: Uint32Array, at: number, into: Uint32Array, to: number): void {
  into[to] = from[at]!;
  into[to + 1] = from[at + 1]!;
  into[to + 2] = from[at + 2]!;
  into[to + 3] = from[at + 3]!;
  into[to + 4] = from[at + 4]!;
  into[to + 5] = from[at + 5]!;
  into[to + 6] = from[at + 6]!;
  into[to + 7] = from[at + 7]!;
}
