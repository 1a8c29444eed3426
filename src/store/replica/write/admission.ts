import type { Clock, Disk } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import type { ReplicaLimits } from '../options.ts';
import type { ReplicaLogger } from '../types.ts';

const READING_MS = 1_000;
/** How long puts go on by a reading with ample room, while the next reading is taken. */
const STALE_MS = 5_000;
/** Ample room: so many bytes above the floor. */
const AMPLE_BYTES = 256 * 1024 * 1024;

export interface AdmissionInit {
  limits: Pick<ReplicaLimits, 'maxItemBytes' | 'maxSetBytes' | 'minFreeBytes'>;
  clock: Clock;
  disk: Disk;
  logger: ReplicaLogger | undefined;
  heldBytes: () => number;
  /** Payload bytes admitted and not yet on disk. */
  pendingBytes: () => number;
}

/** Decides whether there is room for more payload bytes: in the set, and on the disk. */
export class Admission {
  readonly #init: AdmissionInit;
  #freeBytes = Number.POSITIVE_INFINITY;
  /** Admitted bytes that the last reading of the disk does not show. */
  #unseenBytes = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #knownAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  /** Size of the last refused call, 0 once a later call was taken. */
  #refusedBytes = 0;

  constructor(init: AdmissionInit) {
    this.#init = init;
  }

  /**
   * Reads the disk if the last reading is older than a second. Never rejects. With ample room no put
   * waits for the reading.
   */
  async refresh(): Promise<void> {
    const now = this.#init.clock.monotonic();
    // Two readings at once would both count the same bytes as seen.
    if (this.#reading === undefined && now - this.#readAt >= READING_MS) {
      this.#readAt = now;
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
    }
    if (!this.#hasAmpleRoom(now)) await this.#reading;
  }

  /** Throws `ITEM_TOO_LARGE`. */
  checkItem(bytes: number): void {
    const { maxItemBytes } = this.#init.limits;
    if (bytes <= maxItemBytes) return;
    throw new StoreError(
      'ITEM_TOO_LARGE',
      `the item has ${bytes} bytes, at most ${maxItemBytes} are taken: split it, or raise ` +
        'limits.maxItemBytes on all nodes',
    );
  }

  /** Takes `bytes` more, or throws `SET_FULL` or `DISK_FULL`. */
  admit(bytes: number): void {
    const refusal = this.#refusal(bytes);
    if (refusal !== null) {
      this.#refusedBytes = bytes;
      throw refusal;
    }
    this.#refusedBytes = 0;
    this.#unseenBytes += bytes;
  }

  /** Why the last refused call would be refused again, or null. */
  get refusing(): StoreError | null {
    return this.#refusal(Math.max(1, this.#refusedBytes));
  }

  #hasAmpleRoom(now: number): boolean {
    const spare = this.#freeBytes - this.#unseenBytes - this.#init.limits.minFreeBytes;
    return now - this.#knownAt < STALE_MS && spare >= AMPLE_BYTES;
  }

  async #read(): Promise<void> {
    const seen = this.#unseenBytes - this.#init.pendingBytes();
    try {
      this.#freeBytes = await this.#init.disk.freeBytes();
      this.#unseenBytes -= seen;
      this.#knownAt = this.#init.clock.monotonic();
    } catch (error) {
      this.#init.logger?.warn({ err: error }, 'the free space of the disk cannot be read');
    }
  }

  #refusal(bytes: number): StoreError | null {
    const { maxSetBytes, minFreeBytes } = this.#init.limits;
    const held = this.#init.heldBytes() + this.#init.pendingBytes();
    if (held + bytes > maxSetBytes) {
      return new StoreError(
        'SET_FULL',
        `the set holds ${held} of at most ${maxSetBytes} bytes: raise limits.maxSetBytes to take more`,
      );
    }
    const free = this.#freeBytes - this.#unseenBytes;
    if (free - bytes >= minFreeBytes) return null;
    return new StoreError(
      'DISK_FULL',
      `the disk has ${Math.max(0, free)} bytes left and ${minFreeBytes} are to stay free: make room, ` +
        'or lower limits.minFreeBytes',
    );
  }
}
