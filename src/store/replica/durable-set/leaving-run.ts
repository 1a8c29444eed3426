import type { WriteBuffer } from '../../buffer/index.ts';
import { bytesToKey } from '../../bytes.ts';
import type { ItemKey } from '../../item.ts';
import { rankBehind } from '../../ranks.ts';
import type { SetChange } from './set-change.ts';

/** How all held keys of a range, ascending, leave the buffer and the tree. */
export function leavingRun(
  buffer: WriteBuffer,
  keys: readonly ItemKey[],
): Partial<Pick<SetChange, 'tree' | 'buffer' | 'log'>> {
  const [first, last] = [keys[0]!, keys.at(-1)!];
  const [begin, end] = [buffer.lowerBound(first), rankBehind(buffer, last)];
  if (begin === end) return { tree: { remove: keys } };
  const buffered = new Set(Array.from(buffer.keys(begin, end), keyOf));
  const taken = { first, last };
  return {
    tree: { remove: keys.filter((key) => !buffered.has(keyOf(key))) },
    buffer: buffer.without(taken),
    log: { taken, added: [] },
  };
}

function keyOf({ id }: ItemKey): string {
  return bytesToKey(id);
}
