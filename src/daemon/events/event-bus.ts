import { reconciledBoth, type SessionReport } from '../../protocol/index.ts';
import { bytesToHex, type Clock, type ItemKey, type Random } from '../../store/index.ts';
import type { ReplicatorObserver } from '../replicator/index.ts';
import { ItemBatch } from './item-batch.ts';
import type { EventGap, EventType, NodeEvent, ToldEvent } from './types.ts';

interface EventBusInit {
  clock: Clock;
  random: Random;
  /**
   * Events that are kept. Raising it lets clients be slower or away for longer, and costs 48 bytes
   * an item of a large commit, and some 200 bytes any other event or commit.
   * @default 4_096
   */
  maxEvents?: number;
  /**
   * Clients at a time.
   * @default 32
   */
  maxReaders?: number;
}

export interface Reading {
  /** Types wanted; all of them if there is none. */
  readonly types: ReadonlySet<EventType>;
  /** The place of the last event that the client has; null: events from now on. */
  readonly after: string | null;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/** Events and gaps in order; `idle` after a time without an event. */
export type EventReading = AsyncGenerator<ToldEvent | EventGap | 'idle', void, undefined>;

/** Time without an event after which a reader is told so. */
const IDLE_MS = 15_000;

/** Ids are copied, so that the events keep no memory of others. */
const copy = (id: Uint8Array): Uint8Array => id.slice();

/**
 * The last events of this run. Readers share the ring: a slow reader costs no memory, and is told how many
 * events it has missed.
 */
export class EventBus implements Pick<ReplicatorObserver, 'peer' | 'want' | 'sessionEnded'> {
  readonly #clock: Clock;
  readonly #maxEvents: number;
  readonly #maxReaders: number;
  /** Tells the numbers of this run from those of others. */
  readonly #run: string;
  /** The event of number n lies at n modulo the length. */
  readonly #ring: (ToldEvent | ItemBatch)[] = [];
  readonly #wakers = new Set<() => void>();
  #last = 0;
  #readers = 0;

  constructor({ clock, random, maxEvents = 4_096, maxReaders = 32 }: EventBusInit) {
    this.#clock = clock;
    this.#maxEvents = maxEvents;
    this.#maxReaders = maxReaders;
    this.#run = bytesToHex(random.bytes(4));
  }

  /** The place of an event or a gap, for a client that comes back. */
  place({ number }: ToldEvent | EventGap): string {
    return `${this.#run}-${number}`;
  }

  items(added: readonly ItemKey[]): void {
    // Earlier items of a large commit would leave the ring at once.
    const kept = added.slice(-this.#maxEvents);
    this.#last += added.length - kept.length;
    const batch = new ItemBatch({ first: this.#last + 1, at: this.#clock.now() }, kept);
    for (let i = 0; i < kept.length; i++) this.#ring[++this.#last % this.#maxEvents] = batch;
    this.#wake();
  }

  sessionEnded(report: SessionReport): void {
    const { peer, role, dialect, equal, missing, error, finding } = report;
    const durationMs = Math.round(report.durationMs * 1_000) / 1_000;
    // A survey finds out that sets differ, and not by how much.
    const missingThere = equal || reconciledBoth(report) ? (finding?.mine ?? null) : null;
    const what = { peer, role, dialect, durationMs, equal, missing, missingThere, error };
    this.#tell({ type: 'session', ...what });
  }

  peer(peer: string, change: 'connected' | 'disconnected'): void {
    this.#tell({ type: 'peer', peer, change });
  }

  want(peer: string, ids: readonly Uint8Array[]): void {
    const [first] = ids;
    if (first !== undefined) this.#tell({ type: 'want', peer, id: copy(first), ids: ids.length });
  }

  /** One event a call, however many ids it has; none if it changed nothing. */
  refused({ id, ...facts }: Omit<Extract<NodeEvent, { type: 'refused' }>, 'type'>): void {
    if (facts.ids + facts.dropped === 0) return;
    this.#tell({ type: 'refused', id: copy(id), ...facts });
  }

  incident({ code, message }: { readonly code: string; readonly message: string }): void {
    this.#tell({ type: 'incident', code, message });
  }

  config(changed: readonly string[]): void {
    this.#tell({ type: 'config', changed });
  }

  /** Null if there are too many readers. The reading ends by its signal. */
  read(reading: Reading): EventReading | null {
    if (this.#readers >= this.#maxReaders) return null;
    if (!reading.signal.aborted) {
      this.#readers++;
      // A reading that is never begun would not run its own end.
      reading.signal.addEventListener('abort', () => this.#readers--, { once: true });
    }
    return this.#read(reading);
  }

  async *#read({ types, after, signal }: Reading): EventReading {
    let cursor = this.#cursorOf(after);
    if (cursor === null) {
      cursor = this.#last;
      yield { number: cursor, missed: null };
    }
    while (!signal.aborted) {
      if (cursor === this.#last) {
        if (!(await this.#next(signal)) && !signal.aborted) yield 'idle';
        continue;
      }
      const missed: number = Math.max(0, this.#last - this.#maxEvents - cursor);
      cursor += missed;
      if (missed > 0) yield { number: cursor, missed };
      const told: ToldEvent | undefined = this.#at(++cursor);
      // The ring may have come round while the gap was told.
      if (told === undefined) cursor--;
      else if (types.size === 0 || types.has(told.event.type)) yield told;
    }
  }

  /** Undefined once it has left the ring. */
  #at(number: number): ToldEvent | undefined {
    const kept = this.#ring[number % this.#maxEvents];
    if (kept instanceof ItemBatch) return kept.told(number);
    return kept?.number === number ? kept : undefined;
  }

  /** Null for a place of another run. */
  #cursorOf(place: string | null): number | null {
    if (place === null) return this.#last;
    const [, run, number] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(place) ?? [];
    if (run !== this.#run || Number(number) > this.#last) return null;
    return Number(number);
  }

  /** Resolves with whether an event came within the time for it. */
  #next(signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const came = () => resolve(true);
    const ended = () => resolve(false);
    this.#wakers.add(came);
    signal.addEventListener('abort', ended, { once: true });
    const cancel = this.#clock.after(IDLE_MS, ended);
    return promise.finally(() => {
      this.#wakers.delete(came);
      signal.removeEventListener('abort', ended);
      cancel();
    });
  }

  #tell(event: NodeEvent): void {
    const number = ++this.#last;
    this.#ring[number % this.#maxEvents] = { number, at: this.#clock.now(), event };
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }
}
