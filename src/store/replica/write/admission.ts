import type { Clock, Disk } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import type { ReplicaLimits } from '../options.ts';
import * as storeErrors from '../store-errors.ts';
import type { ReplicaLogger } from '../types.ts';

const READING_MS = 1_000;
/** How long puts go on by a reading with ample room, while the next reading is taken. */
const STALE_MS = 5_000;
/** Ample room: so many bytes above the floor. */
const AMPLE_BYTES = 256 * 1024 * 1024;

export interface AdmissionInit {
  limits: Pick<ReplicaLimits, 'maxItemBytes' | 'maxSetBytes' | 'maxItems' | 'minFreeBytes'>;
  clock: Clock;
  disk: Disk;
  logger: ReplicaLogger | undefined;
  /** See `SetState`. */
  floor: () => bigint;
  held: () => ItemTotals;
  /** Admitted and not yet on disk. */
  pending: () => ItemTotals;
}

/** Bytes are those that the items take on disk. */
export interface ItemTotals {
  readonly items: number;
  readonly bytes: number;
}

const LEAST: ItemTotals = { items: 1, bytes: 1 };

/** Decides whether there is room for more items: in the set, and on the disk. */
export class Admission {
  readonly #init: AdmissionInit;
  #freeBytes = Number.POSITIVE_INFINITY;
  /** Admitted bytes that the last reading of the disk does not show. */
  #unseenBytes = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  #knownAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  /** The code of the refusal that the log tells of; null while items are taken. */
  #told: string | null = null;
  /** The last refused call, until a later call is taken. */
  #refused: ItemTotals = LEAST;

  constructor(init: AdmissionInit) {
    this.#init = init;
  }

  /**
   * Reads the disk if the last reading is older than a second. Never rejects. With ample room no put
   * waits for the reading, and the answer is null.
   */
  refresh(): Promise<void> | null {
    const now = this.#init.clock.monotonic();
    // Two readings at once would both count the same bytes as seen.
    if (this.#reading === undefined && now - this.#readAt >= READING_MS) {
      this.#readAt = now;
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined;
      });
    }
    return this.#hasAmpleRoom(now) ? null : (this.#reading ?? null);
  }

  /** Throws `HINT_TOO_OLD` or `ITEM_TOO_LARGE`. */
  checkItem(hint: bigint, bytes: number): void {
    const { limits, floor } = this.#init;
    const { maxItemBytes } = limits;
    if (hint < floor()) throw storeErrors.tooOld(hint, floor());
    if (bytes <= maxItemBytes) return;
    throw new StoreError(
      'ITEM_TOO_LARGE',
      `the item has ${bytes} bytes, at most ${maxItemBytes} are taken: split it, or raise ` +
        'limits.maxItemBytes on all nodes',
    );
  }

  /** Takes more items, or throws `TOO_MANY_ITEMS`, `SET_FULL` or `DISK_FULL`. */
  admit(more: ItemTotals): void {
    const refusal = this.#refusal(more);
    this.#refused = refusal === null ? LEAST : more;
    this.#tell(refusal);
    if (refusal !== null) throw refusal;
    this.#unseenBytes += more.bytes;
  }

  /** A refusal stays for long, and a disk may become full without any put. */
  #tell(refusal: StoreError | null): void {
    const code = refusal?.code ?? null;
    if (code === this.#told) return;
    const { logger } = this.#init;
    if (refusal === null)
      logger?.warn({ code: this.#told }, 'there is room again: items are taken');
    else logger?.warn({ code }, `no items are taken: ${refusal.message}`);
    this.#told = code;
  }

  /** Why the last refused call would be refused again, or null. */
  get refusing(): StoreError | null {
    return this.#refusal(this.#refused);
  }

  get minFreeBytes(): number {
    return this.#init.limits.minFreeBytes;
  }

  /** By the last reading of the disk; infinite before the first. */
  get freeBytes(): number {
    return Math.max(0, this.#freeBytes - this.#unseenBytes);
  }

  #hasAmpleRoom(now: number): boolean {
    const spare = this.#freeBytes - this.#unseenBytes - this.#init.limits.minFreeBytes;
    return now - this.#knownAt < STALE_MS && spare >= AMPLE_BYTES;
  }

  async #read(): Promise<void> {
    const seen = this.#unseenBytes - this.#init.pending().bytes;
    try {
      this.#freeBytes = await this.#init.disk.freeBytes();
      this.#unseenBytes -= seen;
      this.#knownAt = this.#init.clock.monotonic();
      this.#tell(this.refusing);
    } catch (error) {
      this.#init.logger?.warn({ err: error }, 'the free space of the disk cannot be read');
    }
  }

  #refusal({ items, bytes }: ItemTotals): StoreError | null {
    const { maxSetBytes, maxItems, minFreeBytes } = this.#init.limits;
    const [held, pending] = [this.#init.held(), this.#init.pending()];
    const heldItems = held.items + pending.items;
    if (heldItems + items > maxItems) {
      return new StoreError(
        'TOO_MANY_ITEMS',
        `the set holds ${heldItems} of at most ${maxItems} items: raise limits.maxItems to take more`,
      );
    }
    const heldBytes = held.bytes + pending.bytes;
    if (heldBytes + bytes > maxSetBytes) {
      return new StoreError(
        'SET_FULL',
        `the set takes ${heldBytes} of at most ${maxSetBytes} bytes: raise limits.maxSetBytes to take more`,
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
