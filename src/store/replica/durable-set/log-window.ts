import { invariant } from '../../invariant.ts';
import { loggedSpan } from '../../level/index.ts';

interface LogMark {
  readonly commit: number;
  /** Bytes written up to this commit. */
  readonly written: number;
}

const MARK_BYTES = 256 * 1024;

/**
 * Knows which commits can still be lost with LevelDB's log. Earlier commits are in tables, which are
 * checked when they are made and never torn.
 */
export class LogWindow {
  readonly #marks: LogMark[] = [];
  #written = 0;
  #largest = 0;
  #marked = 0;
  #settled: number;

  /** @param commit The last one when the database was opened: opening moves the log into tables. */
  constructor(commit: number) {
    this.#settled = commit;
  }

  get settled(): number {
    return this.#settled;
  }

  /** Upper bound of the bytes in the log. */
  get loggedBytes(): number {
    return Math.min(this.#written, this.#span);
  }

  note(commit: number, bytes: number): void {
    invariant(commit > this.#settled, 'process', 'LOG_WINDOW', [this.#settled, commit]);
    this.#written += bytes;
    this.#largest = Math.max(this.#largest, bytes);
    if (this.#written - this.#marked >= MARK_BYTES) {
      this.#marked = this.#written;
      this.#marks.push({ commit, written: this.#written });
    }
    const safe = this.#written - this.#span;
    for (let [first] = this.#marks; first !== undefined && first.written <= safe; ) {
      this.#settled = first.commit;
      this.#marks.shift();
      [first] = this.#marks;
    }
  }

  get #span(): number {
    return loggedSpan(this.#largest);
  }
}
