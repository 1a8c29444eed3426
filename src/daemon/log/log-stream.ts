import type { Cancel, Clock } from '../../store/index.ts';

/** Pause before another try: a reader of a pipe of 64 KiB still gets 3 MB a second. */
const RETRY_MS = 20;
/** Time for a slow reader at the end of the process. */
const FLUSH_MS = 250;
const FLUSH_STEP_MS = 5;

/** Standard output, or a like of it. */
export interface Output {
  /**
   * Writes at once and never waits. Returns the number of bytes taken. Throws EAGAIN while the reader is
   * behind, and another code when the bytes cannot be written.
   */
  write(bytes: Uint8Array): number;
  /** Blocks the thread. */
  block(durationMs: number): void;
}

export interface LogStreamInit {
  readonly clock: Clock;
  readonly output: Output;
  /** The line that tells how many lines were lost before it. */
  readonly lossLine: (lost: number) => string;
  /**
   * Most bytes that wait for a slow reader. Raising it loses fewer lines of a burst and takes more memory.
   * @default 1 MiB
   */
  readonly maxWaitingBytes?: number;
}

interface WaitingLine {
  bytes: Uint8Array;
  /** Lines lost with this entry: the line itself, and the lost lines that it tells of. */
  readonly lines: number;
}

/**
 * The destination of pino. The log never holds the process up: lines wait while the reader is behind. A line
 * is dropped and counted when too many bytes wait, or when the output cannot be written. The next line that
 * finds room comes with the count.
 */
export class LogStream {
  readonly #init: LogStreamInit;
  readonly #maxWaitingBytes: number;
  readonly #waiting: WaitingLine[] = [];
  #waitingBytes = 0;
  /** Lines that the next line tells of. */
  #lost = 0;
  #lostInAll = 0;
  /** The output ends inside a line. */
  #torn = false;
  #retry: Cancel | undefined;

  constructor(init: LogStreamInit) {
    this.#init = init;
    this.#maxWaitingBytes = init.maxWaitingBytes ?? 1024 * 1024;
  }

  /** Lines lost since the start. */
  get lost(): number {
    return this.#lostInAll;
  }

  write(line: string): void {
    const start = this.#torn && this.#waiting.length === 0 ? '\n' : '';
    const loss = this.#lost === 0 ? '' : this.#init.lossLine(this.#lost);
    const bytes = new TextEncoder().encode(start + loss + line);
    this.#lost++;
    if (this.#waitingBytes + bytes.length > this.#maxWaitingBytes) {
      this.#lostInAll++;
      return;
    }
    this.#waiting.push({ bytes, lines: this.#lost });
    this.#waitingBytes += bytes.length;
    this.#lost = 0;
    if (this.#retry === undefined) this.#send();
  }

  /** Blocks for a moment at most, until all lines are written. pino calls it after a fatal line. */
  flushSync(): void {
    const { clock, output } = this.#init;
    const end = clock.monotonic() + FLUSH_MS;
    for (;;) {
      this.#send();
      if (this.#waiting.length === 0 || clock.monotonic() >= end) return;
      output.block(FLUSH_STEP_MS);
    }
  }

  /** For `flush` of the logger. */
  flush(): void {
    this.flushSync();
  }

  #send(): void {
    this.#retry?.();
    this.#retry = undefined;
    try {
      while (this.#waiting.length > 0) this.#sendSome(this.#waiting[0]!);
    } catch (error) {
      if (Object(error).code !== 'EAGAIN') this.#loseAll();
      else this.#retry = this.#init.clock.after(RETRY_MS, () => this.#send());
    }
  }

  #sendSome(line: WaitingLine): void {
    const taken = this.#init.output.write(line.bytes);
    this.#waitingBytes -= taken;
    line.bytes = line.bytes.subarray(taken);
    this.#torn = line.bytes.length > 0;
    if (!this.#torn) this.#waiting.shift();
  }

  #loseAll(): void {
    for (const { lines } of this.#waiting) this.#lost += lines;
    this.#lostInAll += this.#waiting.length;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }
}
