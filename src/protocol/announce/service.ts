import {
  Alarm,
  type Clock,
  type Item,
  type ItemKey,
  type Random,
  type VerifiedItem,
  verifyItem,
} from '../../store/index.ts';
import { ProtocolError } from '../errors.ts';
import { type Log, SILENT } from '../log.ts';
import { type AnnouncedKey, type Announcement, decodeFrame, EPOCH_BYTES } from './codec.ts';
import { announceTopic, MAX_FRAME_BYTES, MAX_RECORDS } from './constants.ts';
import type { Gossip, GossipMessage, GossipVerdict } from './gossip.ts';
import { Holds } from './holds.ts';
import { type AnnounceOptions, DEFAULT_ANNOUNCE_OPTIONS } from './options.ts';
import { Publisher } from './publisher.ts';
import { type Gap, Sequences } from './sequences.ts';

/** Where an announcement came from. */
export type AnnouncementOrigin = Pick<GossipMessage, 'publisher' | 'from'>;

/** What is done with announcements; called as they come. */
export interface AnnounceEvents {
  /** Whether an item is here, on disk. */
  holds(id: Uint8Array): boolean;
  /** Items not held here, their ids proved. False when they are not taken; a session finds them. */
  items(items: readonly VerifiedItem[], origin: AnnouncementOrigin): boolean;
  /** Keys of items not held here, which `origin.from` has. Returns those that are to be fetched. */
  keys(keys: readonly AnnouncedKey[], origin: AnnouncementOrigin): readonly ItemKey[];
  /** What `keys` returned is here, and the announcement goes on to others. */
  passedOn(keys: readonly ItemKey[]): void;
  /** A publisher's announcements were missed: a session is to find what they said. */
  gap(gap: Gap): void;
}

/** Since the start. */
export interface AnnounceTotals {
  /** Own items published. */
  readonly announced: number;
  /** Own items left to sessions, because they came too fast or could not be published. */
  readonly dropped: number;
  /** Messages that came, each counted once. */
  readonly messages: number;
  /** Further copies of messages. */
  readonly duplicates: number;
  /** Items taken, or their keys. */
  readonly received: number;
  /** Items announced that were here already. */
  readonly known: number;
  /** Messages that were wrong. */
  readonly rejected: number;
  /** Messages not taken or not passed on for reasons of our own. */
  readonly ignored: number;
  /** Times that announcements were missed. */
  readonly gaps: number;
}

/** What the daemon sees of announcing. */
export interface Announce {
  start(): void;
  stop(): Promise<void>;
  /** Longest payload that goes along, in bytes; of longer ones the key goes out. */
  readonly inlineBytes: number;
  /**
   * Publishes items; returns how many there was room for. What is longer than `inlineBytes` must be on
   * disk: it is asked for at once. Never throws.
   */
  announce(items: readonly Item[]): number;
  /** Items came onto the disk, whatever way. */
  stored(keys: readonly ItemKey[]): void;
  /** Whether a peer gets what is announced here. */
  reaches(peer: string): boolean;
  readonly totals: AnnounceTotals;
}

export interface AnnounceInit {
  clock: Clock;
  random: Random;
  /** Part of the topic: deployments with different names never mix. 1 to 64 characters. */
  networkName: string;
  events: AnnounceEvents;
  /** @default silent */
  log?: Log;
  options?: Partial<AnnounceOptions>;
}

/** Tells the mesh of new items, and hears of those of others. Whatever it loses a session finds. */
export class AnnounceService implements Announce {
  readonly #gossip: Gossip;
  readonly #init: AnnounceInit;
  readonly #options: AnnounceOptions;
  readonly #topic: string;
  readonly #log: Log;
  readonly #publisher: Publisher;
  readonly #holds: Holds;
  readonly #nextLook: Alarm;
  readonly #sequences: Record<Announcement['kind'], Sequences>;
  readonly #totals = {
    messages: 0,
    received: 0,
    known: 0,
    rejected: 0,
    ignored: 0,
    gaps: 0,
  };
  #unsubscribe: (() => void) | undefined;

  /** Throws `INVALID_NETWORK_NAME`. */
  constructor(gossip: Gossip, init: AnnounceInit) {
    const options = { ...DEFAULT_ANNOUNCE_OPTIONS, ...init.options };
    this.#gossip = gossip;
    this.#init = init;
    this.#options = options;
    this.#log = init.log ?? SILENT;
    this.#topic = announceTopic(init.networkName);
    this.#publisher = new Publisher({
      clock: init.clock,
      log: this.#log,
      epoch: init.random.bytes(EPOCH_BYTES),
      options,
      send: (frame) => gossip.publish(this.#topic, frame),
    });
    this.#nextLook = new Alarm(init.clock);
    this.#holds = new Holds({ ...options, clock: init.clock });
    const { gapGraceMs, holdMs } = options;
    this.#sequences = {
      items: new Sequences(gapGraceMs),
      // At each step these may be held.
      keys: new Sequences(gapGraceMs + holdMs),
    };
  }

  get totals(): AnnounceTotals {
    const duplicates = Math.max(0, this.#gossip.copies(this.#topic) - this.#totals.messages);
    return { ...this.#publisher.totals, ...this.#totals, duplicates };
  }

  get inlineBytes(): number {
    return this.#publisher.inlineBytes;
  }

  start(): void {
    this.#unsubscribe ??= this.#gossip.subscribe(this.#topic, (message) => this.#judge(message));
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#nextLook.cancel();
    this.#holds.stop();
    await this.#publisher.stop();
  }

  announce(items: readonly Item[]): number {
    if (this.#unsubscribe === undefined) return 0;
    return this.#publisher.add(items);
  }

  stored(keys: readonly ItemKey[]): void {
    this.#holds.stored(keys);
  }

  reaches(peer: string): boolean {
    return this.#unsubscribe !== undefined && this.#gossip.reaches(this.#topic, peer);
  }

  async #judge(message: GossipMessage): Promise<GossipVerdict> {
    this.#totals.messages++;
    const announcement = this.#verified(message);
    if (announcement === null) {
      this.#totals.rejected++;
      return 'reject';
    }
    this.#follow(message, announcement);
    const accepted =
      announcement.kind === 'items'
        ? this.#takeItems(announcement.items, message)
        : await this.#takeKeys(announcement.keys, message);
    if (!accepted) this.#totals.ignored++;
    return accepted ? 'accept' : 'ignore';
  }

  /** Null when the peer that sent it should not have. */
  #verified({ data, from, publisher }: GossipMessage): Announcement<VerifiedItem> | null {
    try {
      const limits = { maxFrameBytes: MAX_FRAME_BYTES, maxRecords: MAX_RECORDS };
      const announcement = decodeFrame(data, limits);
      if (announcement.kind === 'keys') return announcement;
      return { ...announcement, items: announcement.items.map(verifyItem) };
    } catch (error) {
      const { message } = error as Error;
      const code = error instanceof ProtocolError ? error.code : 'INVALID_BYTES';
      this.#log.warn({ peer: from, publisher, code, message }, 'an announcement was wrong');
      return null;
    }
  }

  #takeItems(items: readonly VerifiedItem[], origin: AnnouncementOrigin): boolean {
    const fresh = items.filter(({ id }) => !this.#init.events.holds(id));
    this.#totals.known += items.length - fresh.length;
    if (fresh.length === 0) return true;
    if (!this.#init.events.items(fresh, origin)) return false;
    this.#totals.received += fresh.length;
    return true;
  }

  async #takeKeys(keys: readonly AnnouncedKey[], origin: AnnouncementOrigin): Promise<boolean> {
    const fresh = keys.filter(({ id }) => !this.#init.events.holds(id));
    this.#totals.known += keys.length - fresh.length;
    if (fresh.length === 0) return true;
    const wanted = this.#init.events.keys(fresh, origin);
    this.#totals.received += wanted.length;
    if (wanted.length === 0 || this.#holds.full(origin.from)) return false;
    const here = await this.#holds.until(
      wanted.map(({ id }) => id),
      origin.from,
    );
    if (here) this.#init.events.passedOn(wanted);
    return here;
  }

  #follow({ publisher, from }: AnnouncementOrigin, announcement: Announcement): void {
    const now = this.#init.clock.monotonic();
    this.#sequences[announcement.kind].seen(publisher, from, announcement, now);
    this.#lookLater();
  }

  /** Gaps are looked for now and then while some number is missing. */
  #lookLater(): void {
    const { items, keys } = this.#sequences;
    if (this.#unsubscribe === undefined || !(items.waiting || keys.waiting)) return;
    this.#nextLook.ensure(this.#options.gapGraceMs, () => {
      const now = this.#init.clock.monotonic();
      for (const gap of [...items.due(now), ...keys.due(now)]) {
        this.#totals.gaps++;
        this.#log.debug({ ...gap }, 'announcements were missed');
        this.#init.events.gap(gap);
      }
      this.#lookLater();
    });
  }
}
