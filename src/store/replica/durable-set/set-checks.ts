import type { WriteBuffer } from '../../buffer/index.ts';
import { invariant } from '../../invariant.ts';
import type { SetState } from '../records/index.ts';
import type { SetChange } from './set-change.ts';

/** Tree and buffer change by as many keys as the commit counts. */
export function checkGrowth({ tree, buffer, items }: SetChange, before: WriteBuffer): void {
  const { insert = [], remove = [] } = tree;
  const grown = insert.length - remove.length + buffer.size - before.size;
  invariant(grown === items, 'commit', 'SET_KEYS', [grown, items]);
}

/** Counts do not sink below zero; floor and order of arrival never go back. */
export function checkFollows(before: SetState, { items, bytes, floor, arrivals }: SetState): void {
  invariant(items >= 0 && bytes >= 0, 'commit', 'SET_COUNTS', [items, bytes]);
  invariant(floor >= before.floor, 'commit', 'SET_FLOOR', [before.floor, floor]);
  invariant(arrivals >= before.arrivals, 'commit', 'SET_ARRIVALS', [before.arrivals, arrivals]);
}
