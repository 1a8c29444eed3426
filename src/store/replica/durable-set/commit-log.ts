import { invariant } from '../../invariant.ts';
import type { BatchSink } from '../../level/index.ts';
import {
  encodeLogEntry,
  encodeState,
  type LogEntry,
  type SetKeys,
  type SetState,
} from '../records/index.ts';
import { LogWindow } from './log-window.ts';

const TRIM_RECORDS = 256;

/** How many items and bytes a commit adds. */
export type SetGrowth = Pick<SetState, 'items' | 'bytes'>;

/**
 * The commit log of a set. A record is needed while the buffer may hold keys of its commit, and while
 * LevelDB's own log may lose that commit. The state says where the log begins.
 */
export class CommitLog {
  readonly #keys: SetKeys;
  readonly #trimRecords: number;
  readonly #window: LogWindow;
  #merged: number;

  constructor(keys: SetKeys, state: SetState, merged: number, trimRecords: number = TRIM_RECORDS) {
    this.#keys = keys;
    this.#trimRecords = trimRecords;
    this.#window = new LogWindow(state.commit);
    this.#merged = merged;
  }

  /** The last commit of which no key is in the buffer. */
  get merged(): number {
    return this.#merged;
  }

  get loggedBytes(): number {
    return this.#window.loggedBytes;
  }

  next({ logBegin, trimBegin, ...old }: SetState, { items, bytes }: SetGrowth): SetState {
    const begin = Math.max(logBegin, 1 + Math.min(this.#merged, this.#window.settled));
    const last = old.commit + 1;
    invariant(trimBegin <= begin && begin <= last, 'commit', 'LOG_BEGIN', [trimBegin, begin, last]);
    return {
      ...old,
      commit: old.commit + 1,
      logBegin: begin,
      trimBegin: Math.min(begin, trimBegin + this.#trimRecords),
      items: old.items + items,
      bytes: old.bytes + bytes,
    };
  }

  /** Writes the record of a commit and the state after it, and deletes records no longer needed. */
  fill(sink: BatchSink, before: SetState, state: SetState, entry: LogEntry): void {
    for (let old = before.trimBegin; old < state.trimBegin; old++) sink.del(this.#keys.log(old));
    sink.put(this.#keys.log(state.commit), encodeLogEntry(entry));
    sink.put(this.#keys.state, encodeState(state));
  }

  written(commit: number, bytes: number): void {
    this.#window.note(commit, bytes);
  }

  /** No key of the commits up to this one is in the buffer. */
  mergedUpTo(commit: number): void {
    this.#merged = Math.max(this.#merged, commit);
  }
}
