import { equalBytes } from '../../bytes.ts';
import { checkInit } from '../../checks.ts';
import { StoreError } from '../../errors.ts';
import { invariant } from '../../invariant.ts';
import { unavailableDatabase } from '../../level/index.ts';
import {
  departed,
  type OrderPlace,
  readArrival,
  readArrivals,
  trimmedSince,
} from '../arrivals/index.ts';
import type { Committer } from '../commit/index.ts';
import { isDamage } from '../durable-set/index.ts';
import { placeIn, type SetKeys, type SetState } from '../records/index.ts';
import type { RefusalStore } from '../refusals/index.ts';
import * as storeErrors from '../store-errors.ts';
import type { Arrival, ArrivalEntry, ArrivalsInit, ArrivalsPage } from '../types.ts';
import type { IdLookup } from './id-lookup.ts';

/** Most entries in one page. */
export const MAX_ARRIVALS_LIMIT = 10_000;

/** Most records read in one step. */
const STEP_RECORDS = 1_000;

export interface ArrivalReaderInit {
  keys: SetKeys;
  committer: Committer;
  lookup: IdLookup;
  /** Knows the items that have left the set. */
  refusals: Pick<RefusalStore, 'departed'>;
}

/** Reads the order of arrival. Damage of it lets the index be built again, and an epoch begin. */
export class ArrivalReader {
  readonly #init: ArrivalReaderInit;

  constructor(init: ArrivalReaderInit) {
    this.#init = init;
  }

  /** See `Replica.arrivals`. */
  async page(since: number, init: ArrivalsInit): Promise<ArrivalsPage> {
    checkPage(since, init);
    return this.#read(async (place, epoch) => {
      const { arrivals: last } = place.state;
      if ((init.epoch ?? epoch) !== epoch || since > last) throw storeErrors.feedReset(epoch, last);
      return { epoch, last, entries: await this.#entriesOf(place, since, init) };
    });
  }

  /** See `Replica.arrivalOf`. */
  async of(id: Uint8Array): Promise<Arrival | undefined> {
    return this.#read(async (place) => {
      const seq = placeIn(this.#init.lookup.record(id));
      const entry = await readArrival(place, seq);
      if (entry === undefined || !equalBytes(entry.id, id)) return undefined;
      return { seq, at: entry.at, source: entry.source };
    });
  }

  async #entriesOf(
    place: OrderPlace,
    since: number,
    { limit, maxBytes = Number.POSITIVE_INFINITY }: ArrivalsInit,
  ): Promise<ArrivalEntry[]> {
    const { floor } = place.state;
    const refused = (id: Uint8Array): boolean => this.#init.refusals.departed(id);
    const entries: ArrivalEntry[] = [];
    let left = maxBytes;
    for await (const { first, arrivals } of readArrivals(
      place,
      since + 1,
      Math.min(limit, STEP_RECORDS),
    )) {
      for (let i = Math.max(0, since + 1 - first); i < arrivals.length; i++) {
        const item = arrivals.item(i);
        if (departed(item, { floor, refused })) continue;
        left -= item.bytes;
        if (left < 0 && entries.length > 0) return entries;
        const seq = first + i;
        const last = entries.at(-1)?.seq ?? since;
        invariant(seq > last, 'session', 'FEED_ORDER', [last, seq]);
        entries.push({ seq, at: arrivals.at, ...item });
        if (entries.length === limit) return entries;
      }
    }
    return entries;
  }

  /** Calls `read`, and once more if the order of arrival began anew or was trimmed meanwhile. */
  async #read<Result>(
    read: (place: OrderPlace, epoch: string) => Promise<Result>,
  ): Promise<Result> {
    const { keys, committer } = this.#init;
    const { lifecycle } = committer;
    const database = await lifecycle.reader();
    const { state } = lifecycle.use();
    try {
      const result = await read({ database, keys, state }, nameOf(state));
      if (lifecycle.use().state.epoch === state.epoch) return result;
    } catch (error) {
      if (error instanceof StoreError && !isDamage(error)) throw error;
      if (lifecycle.refusal?.code === 'STORE_CLOSED') throw lifecycle.refusal;
      const same =
        lifecycle.set?.state.order === state.order && !trimmedSince(state, lifecycle.state);
      if (same) committer.met(error);
      if (same && isDamage(error)) throw storeErrors.rebuilding();
      if (same) throw unavailableDatabase(error);
    }
    return this.#read(read);
  }
}

/** The epoch of a state, as readers are told it: 16 hexadecimal digits. */
export function nameOf({ epoch }: Pick<SetState, 'epoch'>): string {
  return epoch.toString(16).padStart(16, '0');
}

function checkPage(since: number, init: ArrivalsInit): void {
  if (!Number.isSafeInteger(since) || since < 0) {
    const message = `'since' is a whole number from 0 on, not ${String(since)}: 0 is the beginning`;
    throw new StoreError('INVALID_BOUND', message);
  }
  checkInit('a page of arrivals', init);
  const { limit, maxBytes = 0 } = init;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_ARRIVALS_LIMIT) {
    const message = `a limit is a whole number from 1 to ${MAX_ARRIVALS_LIMIT}, not ${limit}`;
    throw new StoreError('INVALID_LIMIT', message);
  }
  if (typeof maxBytes === 'number' && maxBytes >= 0) return;
  throw new StoreError('INVALID_LIMIT', `maxBytes is a number from 0 on, not ${String(maxBytes)}`);
}
