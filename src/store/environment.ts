/** The ports to the machine: the same code also runs under virtual time in a simulator. */

/** Calls off what `Clock.after` scheduled; calling it late or twice does nothing. */
export type Cancel = () => void;

/** Time and timers; `systemClock` is the real one. */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start, fractional, never running backwards. */
  monotonic(): number;
  /** Runs `callback` once, `delayMs` milliseconds from now. 0 means "after pending I/O". */
  after(delayMs: number, callback: () => void): Cancel;
}

/** How long bulk work, such as items of peers and merges, may keep the thread from callers here. */
export interface BulkPace {
  /** Milliseconds that a slice of such work shall take at present. */
  readonly sliceMs: number;
  /** Milliseconds of the processor that this thread has used: other programs do not make slices shorter. */
  busyMs(): number;
  /** Resolves when the next slice may run: after pending I/O at the latest, or after a rest. */
  turn(): Promise<void>;
}

/** Randomness; `systemRandom` is the real one. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). For jitter and order, never for secrets. */
  fraction(): number;
}

/** The disk under the data; `systemDisk` makes the real one. */
export interface Disk {
  /** Bytes that can still be written where the data lies. */
  freeBytes(): Promise<number>;
  /**
   * Rejects with why nothing can be written there.
   * @default it can
   */
  checkWritable?(): Promise<void>;
}
