import type { Logger } from 'pino';
import {
  bytesToKey,
  type Cancel,
  type Clock,
  delay,
  type ItemKey,
  type Replica,
  storedBytes,
} from '../../../store/index.ts';
import { type Owner, originIn, ownersOf } from './owners.ts';

/** What an owner has here. */
export interface Used {
  readonly items: number;
  /** On disk. */
  readonly bytes: number;
}

export interface UsageInit {
  readonly replica: Pick<Replica, 'arrivals' | 'lastArrival' | 'size' | 'onCommit'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Everything has been counted, perhaps anew. */
  readonly recounted: () => void;
}

export const NOTHING: Used = { items: 0, bytes: 0 };
/** Entries read in one turn of the event loop. */
const PAGE_ENTRIES = 2_000;
/** How often items that have left the set are noticed, and a count that failed is tried again. */
const LOOK_MS = 30_000;
/**
 * A set that is pruned goes on losing items, and a count reads the whole order of arrival. So it waits until this
 * share of the set has left: 16 entries are read for each item that leaves.
 */
const LOST_SHARE = 1 / 16;
/** How long a smaller loss waits. */
const RECOUNT_MS = 3_600_000;

/** Items and bytes by owner. */
class UsedByOwner {
  readonly #used = new Map<string, Used>();

  of({ kind, id }: Owner): Used {
    return this.#used.get(`${kind} ${id}`) ?? NOTHING;
  }

  add({ kind, id }: Owner, { items, bytes }: Used): void {
    const name = `${kind} ${id}`;
    const before = this.#used.get(name) ?? NOTHING;
    const after = { items: before.items + items, bytes: before.bytes + bytes };
    if (after.items > 0) this.#used.set(name, after);
    else this.#used.delete(name);
  }

  addAll(other: UsedByOwner): void {
    for (const [name, used] of other.#used) {
      const [kind, id] = name.split(' ') as [Owner['kind'], string];
      this.add({ kind, id }, used);
    }
  }
}

/** Items that were admitted and are on their way to the disk. */
interface Pending extends Used {
  readonly owners: readonly Owner[];
}

/**
 * What each owner has on disk. The order of arrival tells it: that is read at the start, and again once items have
 * left the set. In between, commits are added.
 */
export class Usage {
  readonly #init: UsageInit;
  readonly #pending = new Map<string, Pending>();
  readonly #underWay = new UsedByOwner();
  #counted = new UsedByOwner();
  /** Commits since the reading began; null while nothing is read. */
  #since: UsedByOwner | null = null;
  #ready = false;
  /** Items of the set that the count knows of. */
  #known = 0;
  #countedAt = 0;
  #running = false;
  #stop: () => void = () => undefined;
  #look: Cancel = () => undefined;

  constructor(init: UsageInit) {
    this.#init = init;
  }

  /** Whether items are counted. */
  get running(): boolean {
    return this.#running;
  }

  /** Whether everything on disk has been counted. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Begins to count, unless it is counted already. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#stop = this.#init.replica.onCommit((added) => this.#committed(added));
    void this.#read();
  }

  stop(): void {
    this.#running = false;
    this.#ready = false;
    this.#since = null;
    this.#stop();
    this.#look();
  }

  /** On disk. */
  of(owner: Owner): Used {
    return this.#counted.of(owner);
  }

  /** On the way to the disk. */
  underWay(owner: Owner): Used {
    return this.#underWay.of(owner);
  }

  /** An item is on its way to the disk. */
  admit(id: Uint8Array, payloadBytes: number, owners: readonly Owner[]): void {
    const key = bytesToKey(id);
    if (this.#pending.has(key)) return;
    const pending = { owners, items: 1, bytes: storedBytes(1, payloadBytes) };
    this.#pending.set(key, pending);
    for (const owner of owners) this.#underWay.add(owner, pending);
  }

  /** The way to the disk has ended, wherever. */
  settled(id: Uint8Array): void {
    this.#take(id);
  }

  #committed(added: readonly ItemKey[]): void {
    this.#known += added.length;
    for (const { id } of added) {
      const pending = this.#take(id);
      for (const owner of pending?.owners ?? []) {
        this.#counted.add(owner, pending!);
        this.#since?.add(owner, pending!);
      }
    }
  }

  #take(id: Uint8Array): Pending | undefined {
    if (this.#pending.size === 0) return undefined;
    const key = bytesToKey(id);
    const pending = this.#pending.get(key);
    if (pending === undefined) return undefined;
    this.#pending.delete(key);
    const { owners, items, bytes } = pending;
    for (const owner of owners) this.#underWay.add(owner, { items: -items, bytes: -bytes });
    return pending;
  }

  async #read(): Promise<void> {
    const { replica, clock, logger, recounted } = this.#init;
    const since = new UsedByOwner();
    this.#since = since;
    this.#known = replica.size;
    const counted = await this.#readUpTo(replica.lastArrival).catch((err) => {
      logger.debug({ err }, 'the order of arrival could not be read for quotas; it is tried again');
      return null;
    });
    // Stopped meanwhile, and perhaps started again.
    if (this.#since !== since) return;
    this.#since = null;
    if (counted !== null) {
      counted.addAll(since);
      this.#counted = counted;
      this.#ready = true;
      this.#countedAt = clock.monotonic();
      recounted();
    }
    this.#look = clock.after(LOOK_MS, () => this.#lookAgain());
  }

  /** Reads again where the count failed, or where the set has lost enough of the items that it counted. */
  #lookAgain(): void {
    const { replica, clock } = this.#init;
    const lost = this.#known - replica.size;
    const enough =
      lost >= this.#known * LOST_SHARE || clock.monotonic() - this.#countedAt >= RECOUNT_MS;
    if (!this.#ready || (lost > 0 && enough)) void this.#read();
    else this.#look = clock.after(LOOK_MS, () => this.#lookAgain());
  }

  async #readUpTo(last: number): Promise<UsedByOwner> {
    const { replica, clock } = this.#init;
    const counted = new UsedByOwner();
    for (let since = 0; since < last && this.#running; ) {
      const { entries } = await replica.arrivals(since, { limit: PAGE_ENTRIES });
      for (const { seq, bytes, source } of entries) {
        const used = { items: 1, bytes: storedBytes(1, bytes) };
        if (seq > last) break;
        for (const owner of ownersOf(originIn(source))) counted.add(owner, used);
      }
      since = entries.at(-1)?.seq ?? last;
      await delay(clock, 0);
    }
    return counted;
  }
}
