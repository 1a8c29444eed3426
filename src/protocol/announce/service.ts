import { Alarm, checkInit, type Item, type ItemKey, type VerifiedItem } from '../../store/index.ts';
import { type Log, SILENT } from '../log.ts';
import { type AnnouncedKey, type Announcement, EPOCH_BYTES } from './codec.ts';
import { announceTopic, MAX_DEBT_MS, MAX_INLINE_BYTES } from './constants.ts';
import { type AnnouncementOrigin, checkParts } from './events.ts';
import type { Gossip, GossipArrival, GossipMessage, GossipVerdict } from './gossip.ts';
import { Holds } from './holds.ts';
import { GossipInflow } from './inflow.ts';
import type { AnnounceInit } from './init.ts';
import { type AnnounceOptions, DEFAULT_ANNOUNCE_OPTIONS } from './options.ts';
import { Overload } from './overload.ts';
import { Publisher } from './publisher.ts';
import { type Gap, Sequences } from './sequences.ts';
import type { AnnounceTotals } from './totals.ts';
import { verifyAnnouncement } from './verify.ts';

/** Announcing as the daemon sees it. */
export interface Announce {
  start(): void;
  stop(): Promise<void>;
  /** Longest payload that goes along, in bytes; of longer ones the key goes out. */
  readonly inlineBytes: number;
  /**
   * Publishes items; returns the number that fit. Items longer than `inlineBytes` must be on disk:
   * peers ask for them at once. Never throws.
   */
  announce(items: readonly Item[]): number;
  /** Items came onto the disk in any way. */
  stored(keys: readonly ItemKey[]): void;
  /** Whether a peer gets the announcements of this node. */
  reaches(peer: string): boolean;
  /** The event loop falls behind, so that push hands over to sessions. */
  readonly overloaded: boolean;
  readonly totals: AnnounceTotals;
}

/** Announces new items to the mesh, and takes announcements. Sessions find lost announcements. */
export class AnnounceService implements Announce {
  readonly inlineBytes: number;
  readonly #gossip: Gossip;
  readonly #init: AnnounceInit;
  readonly #options: AnnounceOptions;
  readonly #topic: string;
  readonly #log: Log;
  readonly #publisher: Publisher;
  readonly #holds: Holds;
  readonly #inflow: GossipInflow;
  readonly #overload: Overload;
  readonly #nextLook: Alarm;
  readonly #sequences: Record<Announcement['kind'], Sequences>;
  readonly #totals = { messages: 0, received: 0, known: 0, rejected: 0, ignored: 0, gaps: 0 };
  #running = false;
  /** Publishers followed when the node left the topic; sessions find what they announce meanwhile. */
  #away: readonly Gap[] = [];
  #unsubscribe: (() => void) | undefined;

  /** Throws `INVALID_INIT` or `INVALID_NETWORK_NAME`. */
  constructor(gossip: Gossip, init: AnnounceInit) {
    checkInit('announce', init);
    checkParts(init);
    const options = { ...DEFAULT_ANNOUNCE_OPTIONS, ...init.options };
    this.inlineBytes = Math.min(options.inlineBytes, MAX_INLINE_BYTES);
    this.#gossip = gossip;
    this.#init = init;
    this.#options = options;
    this.#log = init.log ?? SILENT;
    this.#topic = announceTopic(init.networkName);
    const { clock, loopDelayMs = () => 0 } = init;
    this.#inflow = new GossipInflow(init, options);
    const { overloadMs } = options;
    const changed = (): void => this.#turned();
    this.#overload = new Overload({ clock, loopDelayMs, overloadMs, changed });
    this.#publisher = new Publisher({
      clock: init.clock,
      log: this.#log,
      epoch: init.random.bytes(EPOCH_BYTES),
      options: { ...options, inlineBytes: this.inlineBytes },
      overloaded: () => this.#overload.on || owesUpload(init),
      heard: () => gossip.heard?.(this.#topic) ?? true,
      send: (frame) => gossip.publish(this.#topic, frame),
    });
    this.#nextLook = new Alarm(init.clock);
    this.#holds = new Holds({ ...init, ...options });
    const { gapGraceMs, holdMs } = options;
    this.#sequences = {
      items: new Sequences(gapGraceMs),
      // Each peer on the way may hold these.
      keys: new Sequences(gapGraceMs + holdMs),
    };
  }

  get overloaded(): boolean {
    return this.#overload.on;
  }

  get totals(): AnnounceTotals {
    const duplicates = Math.max(0, this.#gossip.copies(this.#topic) - this.#totals.messages);
    return {
      ...this.#publisher.totals,
      ...this.#totals,
      duplicates,
      overloaded: this.overloaded,
    };
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#join();
    if (this.#init.loopDelayMs !== undefined) this.#overload.start();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#overload.stop();
    this.#leave();
    this.#holds.stop();
    await this.#publisher.stop();
  }

  announce(items: readonly Item[]): number {
    if (!this.#running) return 0;
    return this.#publisher.add(items);
  }

  stored(keys: readonly ItemKey[]): void {
    this.#holds.stored(keys);
  }

  reaches(peer: string): boolean {
    return this.#unsubscribe !== undefined && this.#gossip.reaches(this.#topic, peer);
  }

  #join(): void {
    this.#unsubscribe ??= this.#gossip.subscribe(
      this.#topic,
      (message) => this.#judge(message),
      (arrival) => this.#admits(arrival),
    );
  }

  #leave(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#nextLook.cancel();
  }

  /** While a node is overloaded peers send nothing: what does not come need not be refused. */
  #turned(): void {
    const { items, keys } = this.#sequences;
    if (this.#overload.on) {
      this.#leave();
      this.#away = [...items.forget(), ...keys.forget()];
    } else {
      this.#join();
      for (const gap of this.#away) this.#init.events.gap(gap);
    }
  }

  async #judge(message: GossipMessage): Promise<GossipVerdict> {
    this.#totals.messages++;
    const { work, allowed } = this.#init;
    // No blame: the list of the peer that passed it on may be another.
    if (allowed?.(message.publisher) === false) {
      this.#totals.ignored++;
      return 'ignore';
    }
    const verified = () => verifyAnnouncement(message, this.#log);
    const announcement = work === undefined ? verified() : work.run(message.from, verified);
    if (announcement === null) {
      this.#totals.rejected++;
      this.#init.events.wrong?.(message);
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

  /** Messages that are not looked at leave a gap in their publisher's numbers, and a session follows. */
  #admits(arrival: GossipArrival): boolean {
    const admitted = this.#inflow.take(arrival);
    if (!admitted && !arrival.copy) {
      this.#totals.messages++;
      this.#totals.ignored++;
    }
    return admitted;
  }

  #takeItems(items: readonly VerifiedItem[], origin: AnnouncementOrigin): boolean {
    const fresh = this.#fresh(items, origin);
    if (fresh.length === 0) return false;
    if (!this.#init.events.items(fresh, origin)) return false;
    this.#totals.received += fresh.length;
    return true;
  }

  async #takeKeys(keys: readonly AnnouncedKey[], origin: AnnouncementOrigin): Promise<boolean> {
    const fresh = this.#fresh(keys, origin);
    if (fresh.length === 0) return false;
    const wanted = this.#init.events.keys(fresh, origin);
    this.#totals.received += wanted.length;
    if (wanted.length === 0 || this.#holds.full(origin.from)) return false;
    const here = await this.#holds.until(wanted, origin.from);
    if (here) this.#init.events.passedOn(wanted);
    return here;
  }

  /** A message without a fresh item is not passed on, and costs the peer. */
  #fresh<Announced extends ItemKey>(
    announced: readonly Announced[],
    origin: AnnouncementOrigin,
  ): Announced[] {
    const fresh = announced.filter(({ id }) => !this.#init.events.holds(id));
    this.#totals.known += announced.length - fresh.length;
    if (fresh.length === 0) this.#inflow.repeated(origin);
    return fresh;
  }

  #follow({ publisher, from }: AnnouncementOrigin, announcement: Announcement): void {
    const now = this.#init.clock.monotonic();
    this.#sequences[announcement.kind].seen(publisher, from, announcement, now);
    this.#lookLater();
  }

  /** Looks for gaps now and then while some number is missing. */
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

function owesUpload({ traffic }: AnnounceInit): boolean {
  return (traffic?.debtMs('upload', null) ?? 0) > MAX_DEBT_MS;
}
