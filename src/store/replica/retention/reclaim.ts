import type { Clock } from '../../environment.ts';
import { ID_BYTES } from '../../item.ts';
import type { CompactResult, KeyRangeBytes } from '../../level/index.ts';
import { compact } from '../compaction.ts';
import type { SetKeys, Totals } from '../records/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';

export interface ReclaimInit {
  keys: SetKeys;
  lifecycle: SetLifecycle;
  clock: Clock;
}

/** Short, so that a flush of new items does not wait long for LevelDB's thread. */
const PIECE_BYTES = 16 * 1024 * 1024;

/** Removed items, or payload bytes, from which on compaction pays: each call writes out LevelDB's memory. */
const LEAST_ITEMS = 10_000;
const LEAST_BYTES = 16 * 1024 * 1024;

/**
 * Removed items to each that is held, from which on scattered records are compacted, which rewrites those of all
 * items: while more are to be removed, and at the end.
 */
const SHARE = 1 / 2;
const SHARE_AT_END = 1 / 20;

const NO_ID = new Uint8Array(ID_BYTES);
const NONE: CompactResult = { beforeBytes: 0, afterBytes: 0, pieces: 0, complete: true };

/** Gives the room of removed items back to the disk, as far as that is worth its cost. */
export class Reclaim {
  readonly #init: ReclaimInit;
  /** Removed since payloads, and since scattered records were compacted. */
  #payloads: Totals = { items: 0, bytes: 0 };
  #scattered = 0;
  /** Payloads below the first hint were compacted, and those below the second are removed. */
  #compacted = 0n;
  #removed = 0n;

  constructor(init: ReclaimInit) {
    this.#init = init;
  }

  /** @param last The hint of the last of them. */
  removed({ items, bytes }: Totals, last: bigint): void {
    this.#removed = last + 1n;
    this.#payloads = { items: this.#payloads.items + items, bytes: this.#payloads.bytes + bytes };
    this.#scattered += items;
  }

  /** @param left Items that are still to be removed. */
  async run(left: number): Promise<CompactResult> {
    const { lifecycle, clock } = this.#init;
    const [{ items, bytes }, scattered, removed] = [this.#payloads, this.#scattered, this.#removed];
    if (items < LEAST_ITEMS && bytes < LEAST_BYTES) return NONE;
    const share = left > 0 ? SHARE : SHARE_AT_END;
    const all = scattered >= share * lifecycle.state.items;
    const ranges = this.#ranges(all);
    const result = await compact(lifecycle, { ranges, pieceBytes: PIECE_BYTES, clock });
    if (!result.complete) return result;
    // More may have been removed meanwhile.
    const { items: allItems, bytes: allBytes } = this.#payloads;
    this.#payloads = { items: allItems - items, bytes: allBytes - bytes };
    this.#compacted = removed;
    if (all) this.#scattered -= scattered;
    return result;
  }

  #ranges(all: boolean): KeyRangeBytes[] {
    const { keys, lifecycle } = this.#init;
    const { ids, nodes, orders, summaries } = keys;
    const { order, arrivalsBegin } = lifecycle.state;
    const payloads = {
      gte: payloadsFrom(keys, this.#compacted),
      lt: payloadsFrom(keys, this.#removed),
    };
    const trimmed = { gte: orders.gte, lt: keys.arrivals(order, arrivalsBegin) };
    return all ? [trimmed, ids, nodes, payloads, summaries] : [payloads];
  }
}

function payloadsFrom(keys: SetKeys, hint: bigint): KeyRangeBytes['gte'] {
  return keys.item({ hint, id: NO_ID });
}
