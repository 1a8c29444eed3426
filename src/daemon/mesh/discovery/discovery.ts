import type { PeerId } from '@libp2p/interface';
import { Alarm } from '../../../store/index.ts';
import type { HostRules } from '../bounds/index.ts';
import { Announcer, type AnnouncerInit, type DiscoveryGossip } from './announcer.ts';
import { ConnectionManager, type ConnectionManagerInit } from './connection-manager.ts';
import {
  type KnownPeer,
  KnownPeers,
  type KnownPeersInit,
  type PeerAnnouncement,
  type PeerVerdict,
} from './known-peers.ts';
import { DEFAULT_DISCOVERY_OPTIONS, type DiscoveryOptions } from './options.ts';
import { OwnRecords } from './own-records.ts';
import type { SavedPeersFile } from './peers-file.ts';
import { usableAddresses } from './record.ts';

export interface DiscoveryInit
  extends Omit<ConnectionManagerInit, 'known' | 'options'>,
    Pick<AnnouncerInit, 'addresses' | 'knows' | 'forged'>,
    Pick<KnownPeersInit, 'allowed'> {
  readonly self: PeerId;
  /** The topic of announcements; null: this node neither tells nor hears addresses. */
  readonly gossip: { readonly service: DiscoveryGossip; readonly topic: string } | null;
  /** Whether anything finds peers: without it no connection is sought or given up. */
  readonly active: boolean;
  /** Keeps known peers from one run to the next; null: nothing is kept. */
  readonly file: SavedPeersFile | null;
  readonly allowedHosts: HostRules;
  readonly options: Partial<DiscoveryOptions>;
}

export interface DiscoveryStatus {
  /** Connections sought. */
  readonly degree: number;
  /** Connected nodes of this network. */
  readonly connected: number;
  /** Other nodes of this network, connected or not. */
  readonly known: number;
}

/** Learns the nodes of the mesh and keeps this node connected to some of them. */
export class Discovery {
  readonly #init: DiscoveryInit;
  readonly #options: DiscoveryOptions;
  readonly #known: KnownPeers;
  readonly #manager: ConnectionManager;
  readonly #ownRecords: OwnRecords;
  readonly #announcer: Announcer | null;
  readonly #nextSave: Alarm;
  #saving: Promise<void> = Promise.resolve();
  #started = false;

  constructor(init: DiscoveryInit) {
    this.#init = init;
    const options = { ...DEFAULT_DISCOVERY_OPTIONS, ...init.options };
    this.#options = options;
    this.#nextSave = new Alarm(init.clock);
    this.#known = new KnownPeers({
      ...init,
      self: init.self.toString(),
      options,
      connected: (peer) => init.dial.connected(peer),
      changed: () => this.#changed(),
    });
    this.#manager = new ConnectionManager({ ...init, known: this.#known, options });
    this.#ownRecords = new OwnRecords(init.addresses);
    this.#announcer =
      init.gossip === null
        ? null
        : new Announcer({
            ...init,
            topic: init.gossip.topic,
            gossip: init.gossip.service,
            options,
            known: () => this.#known.size,
            take: (announcement) => this.#take(announcement),
          });
  }

  get status(): DiscoveryStatus {
    const connected = [...this.#init.neighbours.connected()].length;
    return { degree: this.#options.degree, connected, known: this.#known.size };
  }

  /** The peers most worth keeping first. */
  get peers(): KnownPeer[] {
    return this.#known.all();
  }

  knows(peer: string): boolean {
    return this.#known.has(peer);
  }

  /** Addresses that another run announced under the identity of this node. */
  get otherRun(): readonly string[] {
    return this.#ownRecords.foreign;
  }

  /** To be called once libp2p runs. */
  async start(): Promise<void> {
    if (!this.#init.active) return;
    const saved = (await this.#init.file?.load()) ?? [];
    this.#known.restore(
      saved.map((known) => ({
        ...known,
        addresses: usableAddresses(known.addresses, this.#usable(known.peer)),
      })),
    );
    this.#started = true;
    this.#manager.start();
    this.#announcer?.start();
  }

  async stop(): Promise<void> {
    if (!this.#started) return;
    this.#started = false;
    this.#announcer?.stop();
    this.#manager.stop();
    this.#nextSave.cancel();
    this.#save();
    await this.#saving;
  }

  /** Forgets a peer, also in the file, until it is heard of again; false if it is not known. */
  async forget(peer: string): Promise<boolean> {
    if (!this.#known.forget(peer)) return false;
    this.#saving = this.#saving.then(() => this.#init.file?.save(this.#known.all()));
    await this.#saving;
    return true;
  }

  /** Multicast found the peer. */
  foundLocally(peer: string, addresses: readonly string[]): void {
    // Any host of the local network can say what it likes: no reason to dial services of this machine.
    const usable = usableAddresses(addresses, { ...this.#usable(peer), lan: true });
    if (this.#started && usable.length > 0) this.#known.foundLocally(peer, usable);
  }

  /** The addresses of this node changed. */
  addressesChanged(): void {
    this.#announcer?.changed();
  }

  #take(announcement: PeerAnnouncement): PeerVerdict {
    const { peer } = announcement;
    const addresses = usableAddresses(announcement.addresses, this.#usable(peer));
    // As news it has this node announce itself soon, so that the other run hears of this one too.
    if (peer === this.#init.self.toString() && this.#ownRecords.heard(addresses)) return 'news';
    return this.#known.announced({ ...announcement, addresses });
  }

  #usable(peer: string) {
    return { peer, ...this.#init.allowedHosts, max: this.#options.maxAddresses };
  }

  #changed(): void {
    if (!this.#started) return;
    this.#manager.changed();
    this.#nextSave.ensure(this.#options.saveMs, () => this.#save());
  }

  /** An empty list replaces no saved one: this run may have a wrong network name. */
  #save(): void {
    if (this.#known.size === 0) return;
    this.#saving = this.#saving.then(() => this.#init.file?.save(this.#known.all()));
  }
}
