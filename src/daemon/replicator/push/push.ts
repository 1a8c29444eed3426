import type {
  AnnouncedKey,
  AnnounceEvents,
  AnnouncementOrigin,
  Gap,
} from '../../../protocol/index.ts';
import { bytesToKey, type ItemKey, storedBytes, type VerifiedItem } from '../../../store/index.ts';
import type { Fetcher } from '../fetching/index.ts';
import type { SharedParts } from '../parts.ts';
import { Pause, type Reason } from '../pause.ts';
import type { PeerRecords } from '../peers.ts';
import type { SessionScheduler } from '../scheduling/index.ts';
import { storeItems } from '../store-items.ts';
import type { WantsKeeper } from '../upkeep/index.ts';
import type { PushCoverage } from './push-coverage.ts';

export interface PushInit extends SharedParts {
  keeper: Pick<WantsKeeper, 'touch'>;
  fetcher: Pick<Fetcher, 'room' | 'paused' | 'pump'>;
  refused: Pick<Fetcher['refused'], 'hasFrom'>;
  peers: Pick<PeerRecords, 'get' | 'differs'>;
  coverage: Pick<PushCoverage, 'pushed'>;
  scheduler: Pick<SessionScheduler, 'gap'>;
}

/**
 * Takes announced items to the disk, and announced keys onto the want list, under the limits of
 * fetching. Nothing waits: a session finds the items that cannot be taken now.
 */
export class Push implements AnnounceEvents {
  readonly #init: PushInit;
  readonly #pause: Pause;
  readonly #arriving = new Set<string>();
  readonly #puts = new Set<Promise<void>>();
  /** Taken in this turn of the event loop, and put in the next; by the peer that sent them. */
  readonly #gathered = new Map<string, VerifiedItem[]>();
  #put: () => void = () => undefined;
  #bytes = 0;

  constructor(init: PushInit) {
    this.#init = init;
    this.#pause = new Pause({ ...init, resume: () => undefined });
  }

  /** Whether an item is on its way to the disk: neither wanted nor held. */
  arriving(id: Uint8Array): boolean {
    return this.#arriving.size > 0 && this.#arriving.has(bytesToKey(id));
  }

  holds(id: Uint8Array): boolean {
    return this.#init.replica.contains(id);
  }

  items(items: readonly VerifiedItem[], origin: AnnouncementOrigin): boolean {
    this.#ahead(origin);
    const { maxItemBytes, windowBytes } = this.#init.options;
    const taken = items.filter(
      ({ id, payload }) => payload.length <= maxItemBytes && !this.arriving(id),
    );
    if (taken.length === 0) return true;
    const bytes = taken.reduce((sum, { payload }) => sum + payload.length, 0);
    if (this.#bytes + bytes > windowBytes || this.#pause.allowance() === 0) return false;
    if (!this.#init.rates.push(origin, storedBytes(taken.length, bytes))) {
      this.#askFor(origin);
      return false;
    }
    this.#bytes += bytes;
    for (const { id } of taken) {
      this.#arriving.add(bytesToKey(id));
      this.#init.wanted.received(id);
    }
    this.#gather(taken, origin.from);
    return true;
  }

  keys(keys: readonly AnnouncedKey[], { publisher, from }: AnnouncementOrigin): readonly ItemKey[] {
    this.#ahead({ publisher, from });
    const { replica, wanted, options, fetcher, refused, keeper } = this.#init;
    if (fetcher.paused !== null || replica.refusing !== null) return [];
    const fitting = keys.filter(({ length }) => length <= options.maxItemBytes);
    const ids = fitting.map(({ id }) => id);
    // A wanted item is not made to wait because a peer announces it as large.
    const large = fitting.filter(
      ({ id, length }) => length > options.maxSmallBytes && !wanted.has(id),
    );
    for (const peer of new Set([from, publisher])) {
      if (!this.#connected(peer)) continue;
      const willing = ids.filter((id) => !this.arriving(id) && !refused.hasFrom(peer, id));
      wanted.add(peer, willing.slice(0, fetcher.room(peer)));
    }
    for (const { id, length } of large) wanted.enlarge(id, { peer: publisher, bytes: length });
    keeper.touch();
    fetcher.pump();
    return fitting.filter(({ id }) => wanted.has(id) || this.arriving(id));
  }

  passedOn(keys: readonly ItemKey[]): void {
    this.#init.coverage.pushed(keys);
  }

  /** Asks the publisher, or else the peer that passed on a later message, for the missed items. */
  gap(gap: Gap): void {
    this.#ahead(gap);
    this.#askFor(gap);
  }

  async stop(): Promise<void> {
    this.#pause.stop();
    this.#put();
    await Promise.all(this.#puts);
  }

  #askFor({ publisher, from }: AnnouncementOrigin): void {
    this.#init.scheduler.gap(this.#connected(publisher) ? publisher : from);
  }

  #connected(peer: string): boolean {
    return this.#init.peers.get(peer)?.connected === true;
  }

  /** The sets of these peers have changed, even if no item is taken. */
  #ahead({ publisher, from }: AnnouncementOrigin): void {
    for (const peer of new Set([from, publisher])) this.#init.peers.differs(peer);
  }

  /**
   * Messages of this turn are passed on first, and share the commit: a busy node makes fewer commits.
   */
  #gather(items: readonly VerifiedItem[], from: string): void {
    const first = this.#gathered.size === 0;
    const before = this.#gathered.get(from);
    if (before === undefined) this.#gathered.set(from, [...items]);
    else before.push(...items);
    if (!first) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#put = resolve;
    this.#init.clock.after(0, resolve);
    const put = promise.then(() => this.#store()).finally(() => this.#puts.delete(put));
    this.#puts.add(put);
  }

  async #store(): Promise<void> {
    const gathered = [...this.#gathered];
    this.#gathered.clear();
    const refusals: Reason[] = [];
    const { replica, observer } = this.#init;
    const puts = gathered.map(([source, items]) =>
      storeItems({ replica, source, observer: observer?.pushed }, items, refusals),
    );
    const stored = (await Promise.all(puts)).flat();
    if (stored.length > 0) {
      this.#pause.ended(stored.length);
      this.#init.coverage.pushed(stored);
    }
    const refusal = refusals.at(-1);
    if (refusal !== undefined) {
      this.#pause.refused(refusal);
      this.#init.logger.warn({ ...refusal }, 'announced items not stored');
    }
    for (const { id, payload } of gathered.flatMap(([, items]) => items)) {
      this.#bytes -= payload.length;
      this.#arriving.delete(bytesToKey(id));
    }
  }
}
