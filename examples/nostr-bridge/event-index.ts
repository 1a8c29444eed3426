import type { AdminClient, FeedEntry } from 'rangemesh/client';
import {
  hexToBytes,
  type Snapshot,
  SortedVector,
  subRange,
  sum256,
  systemClock,
} from 'rangemesh/store';
import { eventOf } from './events.ts';

/** Events that the index takes at most: some 300 bytes of memory each. */
const MAX_EVENTS = 1_000_000;

/** The times that a reconciliation is about, both included, in seconds. */
export interface TimeRange {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/**
 * The events that a node holds, by the keys of Nostr: `created_at` and event id. It is read from the feed of
 * the node, and kept in memory.
 */
export class EventIndex {
  readonly #daemon: AdminClient;
  /** Item ids by event ids. The first item of an event counts: signatures may differ. */
  #items = new Map<string, string>();
  #keys = new SortedVector({ scheme: sum256 });
  #place: { since: number; epoch?: string } = { since: 0 };
  #reading: Promise<void> | undefined;

  constructor(daemon: AdminClient) {
    this.#daemon = daemon;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Reads the feed to its end. Calls at the same time share the work. */
  catchUp(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The keys of a time range as they are now. The caller releases them. */
  snapshot({ since = 0, until = Number.MAX_SAFE_INTEGER - 1 }: TimeRange): Snapshot {
    const lower = { hint: BigInt(since), id: null };
    const upper = { hint: BigInt(Math.max(since, until + 1)), id: null };
    return subRange(this.#keys.snapshot(), lower, upper);
  }

  /** The item that holds the event. */
  itemIdOf(eventId: string): string | undefined {
    return this.#items.get(eventId);
  }

  async #read(): Promise<void> {
    const changes = this.#daemon.changes({
      ...this.#place,
      payloads: true,
      follow: false,
      after: systemClock.after,
    });
    for await (const line of changes) {
      if ('reset' in line) this.#clear(line.reset.epoch);
      else this.#add(line);
    }
  }

  #add({ id, payload, seq, epoch }: FeedEntry): void {
    this.#place = { since: seq, epoch };
    const event = typeof payload === 'string' ? eventOf(Buffer.from(payload, 'base64')) : undefined;
    if (event === undefined || this.#items.has(event.id)) return;
    if (this.size === MAX_EVENTS) {
      throw new Error(`the node holds more than ${MAX_EVENTS} events: bridge a smaller set`);
    }
    this.#items.set(event.id, id);
    this.#keys.insert([{ hint: BigInt(event.created_at), id: hexToBytes(event.id) }]);
  }

  #clear(epoch: string): void {
    this.#items = new Map();
    this.#keys = new SortedVector({ scheme: sum256 });
    this.#place = { since: 0, epoch };
  }
}
