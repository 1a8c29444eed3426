import type {
  AnnouncedKey,
  AnnounceEvents,
  AnnouncementOrigin,
  Gap,
} from '../../../protocol/index.ts';
import { bytesToKey, type ItemKey, storedBytes, type VerifiedItem } from '../../../store/index.ts';
import type { GuardedKey, ItemOrigin } from '../../guard/index.ts';
import type { Fetcher } from '../fetching/index.ts';
import type { SharedParts } from '../parts.ts';
import { Pause, type Reason } from '../pause.ts';
import type { PeerRecords } from '../peers.ts';
import type { SessionScheduler } from '../scheduling/index.ts';
import { storeItems } from '../store-items.ts';
import type { WantsKeeper } from '../upkeep/index.ts';
import { isHeld } from './held.ts';
import type { PushCoverage } from './push-coverage.ts';

export interface PushInit extends SharedParts {
  keeper: Pick<WantsKeeper, 'touch'>;
  fetcher: Pick<Fetcher, 'room' | 'refuses' | 'paused' | 'pump'> & {
    readonly refused: Pick<Fetcher['refused'], 'add'>;
    readonly guarded: Pick<Fetcher['guarded'], 'add'>;
  };
  peers: Pick<PeerRecords, 'get' | 'differs'>;
  coverage: Pick<PushCoverage, 'pushed'>;
  scheduler: Pick<SessionScheduler, 'gap'>;
}

/** Items of one peer and publisher, on their way to the store. */
interface Gathered {
  readonly origin: ItemOrigin & { readonly peer: string };
  readonly items: VerifiedItem[];
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
  /** Taken in this turn of the event loop, and put in the next; by peer and publisher. */
  readonly #gathered = new Map<string, Gathered>();
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
    return isHeld(this.#init.replica, id);
  }

  items(items: readonly VerifiedItem[], origin: AnnouncementOrigin): boolean {
    this.#ahead(origin);
    const { windowBytes } = this.#init.options;
    const short = items.filter(({ id, payload }) => this.#fits(id, payload.length, origin));
    const fitting = short.filter(({ id }) => !this.arriving(id));
    const taken = fitting.filter(({ hint, id, payload }) =>
      this.#takes({ hint, id, bytes: payload.length }, origin),
    );
    // A node passes on no message with an item that it refuses itself.
    const passes = short.length === items.length && taken.length === fitting.length;
    if (taken.length === 0) return passes;
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
    this.#gather(taken, origin);
    return passes;
  }

  keys(keys: readonly AnnouncedKey[], { publisher, from }: AnnouncementOrigin): readonly ItemKey[] {
    this.#ahead({ publisher, from });
    const { replica, wanted, options, fetcher, keeper } = this.#init;
    if (fetcher.paused !== null || replica.refusing !== null) return [];
    const fitting = keys.filter(
      ({ hint, id, length: bytes }) =>
        this.#fits(id, bytes, { publisher, from }) &&
        this.#takes({ hint, id, bytes }, { publisher, from }),
    );
    const ids = fitting.map(({ id }) => id);
    // A wanted item is not made to wait because a peer announces it as large.
    const large = fitting.filter(
      ({ id, length }) => length > options.maxSmallBytes && !wanted.has(id),
    );
    for (const peer of new Set([from, publisher])) {
      if (!this.#connected(peer)) continue;
      const willing = ids.filter((id) => !this.arriving(id) && !fetcher.refuses(peer, id));
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

  wrong({ from }: AnnouncementOrigin): void {
    this.#init.observer?.misbehaved(from, 'WRONG_ANNOUNCEMENT');
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

  /** The length is the word of the publisher, which is not asked for the item then. */
  #fits(id: Uint8Array, bytes: number, { publisher }: AnnouncementOrigin): boolean {
    const { options, fetcher, observer } = this.#init;
    if (bytes <= options.maxItemBytes) return true;
    if (fetcher.refused.add(publisher, id)) observer?.pushed.refused('ITEM_TOO_LARGE');
    return false;
  }

  #takes(key: GuardedKey, origin: AnnouncementOrigin): boolean {
    const { guard, fetcher, observer } = this.#init;
    const refusal = guard.refusalOf(key, originOf(origin));
    if (refusal === null) return true;
    observer?.pushed.refused(refusal.code);
    // The next session with the peer would fetch the item, and refuse it once more.
    if (refusal.lasting === true && refusal.code === 'PEER_QUOTA')
      fetcher.guarded.add(origin.from, key.id);
    return false;
  }

  /** The sets of these peers have changed, even if no item is taken; that of a reader makes no difference. */
  #ahead({ publisher, from }: AnnouncementOrigin): void {
    const { guard, peers } = this.#init;
    for (const peer of new Set([from, publisher])) if (guard.takesFrom(peer)) peers.differs(peer);
  }

  /**
   * Messages of this turn are passed on first, and share the commit: a busy node makes fewer commits.
   */
  #gather(items: readonly VerifiedItem[], origin: AnnouncementOrigin): void {
    const first = this.#gathered.size === 0;
    const name = `${origin.from}/${origin.publisher}`;
    const before = this.#gathered.get(name);
    if (before === undefined)
      this.#gathered.set(name, { origin: originOf(origin), items: [...items] });
    else before.items.push(...items);
    if (!first) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#put = resolve;
    this.#init.clock.after(0, resolve);
    const put = promise.then(() => this.#store()).finally(() => this.#puts.delete(put));
    this.#puts.add(put);
  }

  async #store(): Promise<void> {
    const gathered = [...this.#gathered.values()];
    this.#gathered.clear();
    const refusals: Reason[] = [];
    const { replica, guard, observer } = this.#init;
    const puts = gathered.map(({ origin, items }) =>
      storeItems({ replica, guard, origin, observer: observer?.pushed }, items, refusals),
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
    for (const { id, payload } of gathered.flatMap(({ items }) => items)) {
      this.#bytes -= payload.length;
      this.#arriving.delete(bytesToKey(id));
    }
  }
}

function originOf({ from, publisher }: AnnouncementOrigin): Gathered['origin'] {
  return { via: 'push', peer: from, publisher };
}
