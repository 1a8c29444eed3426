import type { WriteBuffer } from '../../buffer/index.ts';
import type { ItemKey } from '../../item.ts';
import type { BatchSink } from '../../level/index.ts';
import type { TreeWrite } from '../../tree/index.ts';
import { type LogEntry, NOTHING, type SetState } from '../records/index.ts';
import type { SetGrowth } from './commit-log.ts';

/** The change that a commit makes. */
export interface SetChange extends SetGrowth {
  /** Gives the records beside those of the tree and the log. */
  readonly fill: (sink: BatchSink) => void;
  readonly tree: TreeWrite;
  readonly buffer: WriteBuffer;
  readonly sweep: Sweep | null;
  readonly log: LogEntry;
  /** Changes of the state beside those of `CommitLog.next`. */
  readonly more: Partial<SetState>;
}

/** One pass through the buffer in key order. */
interface Sweep {
  /** The last commit before it began: at its end the buffer holds no key of that commit. */
  readonly since: number;
  readonly behind: ItemKey | null;
}

/** A change of nothing but the number of the commit. */
export const UNCHANGED: Omit<SetChange, 'buffer' | 'sweep'> = {
  fill: () => undefined,
  tree: {},
  log: NOTHING,
  items: 0,
  bytes: 0,
  more: {},
};
