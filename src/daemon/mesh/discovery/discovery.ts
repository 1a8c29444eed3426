import type { PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { Alarm, type Clock, type Random } from '../../../store/index.ts';
import type { Logger } from '../../logging.ts';
import type { Dial } from '../dialling/index.ts';
import type { Notices } from '../notices.ts';
import { Announcer, type DiscoveryGossip } from './announcer.ts';
import { ConnectionManager, type Neighbours } from './connection-manager.ts';
import {
  type KnownPeer,
  KnownPeers,
  type PeerAnnouncement,
  type PeerVerdict,
} from './known-peers.ts';
import { DEFAULT_DISCOVERY_OPTIONS, type DiscoveryOptions } from './options.ts';
import type { SavedPeersFile } from './peers-file.ts';
import { usableAddresses } from './record.ts';

export interface DiscoveryInit {
  readonly self: PeerId;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly notices: Notices;
  readonly neighbours: Neighbours;
  /** Where nodes tell each other their addresses; null is not to tell, nor to hear. */
  readonly gossip: { readonly service: DiscoveryGossip; readonly topic: string } | null;
  /** Whether anything finds peers: without it no connection is sought or given up. */
  readonly active: boolean;
  /** Keeps known peers from one run to the next; null is not to. */
  readonly file: SavedPeersFile | null;
  /** Whether our access lets the peer in. */
  allowed(peer: string): boolean;
  /** Where this node is reached. */
  addresses(): readonly Multiaddr[];
  /** Whether that is from its own machine alone. */
  readonly loopback: boolean;
  readonly options: Partial<DiscoveryOptions>;
}

export interface DiscoveryStatus {
  /** Connections sought. */
  readonly degree: number;
  /** Nodes of our network that are connected. */
  readonly connected: number;
  /** Other nodes of our network that we have heard of, connected or not. */
  readonly known: number;
}

/** Learns who is in the mesh and keeps this node connected to some of them. */
export class Discovery {
  readonly #init: DiscoveryInit;
  readonly #options: DiscoveryOptions;
  readonly #known: KnownPeers;
  readonly #manager: ConnectionManager;
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
      self: init.self.toString(),
      clock: init.clock,
      random: init.random,
      options,
      allowed: (peer) => init.allowed(peer),
      connected: (peer) => init.dial.connected(peer),
      changed: () => this.#changed(),
    });
    this.#manager = new ConnectionManager({ ...init, known: this.#known, options });
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
    const { degree } = this.#options;
    return {
      degree,
      connected: [...this.#init.neighbours.connected()].length,
      known: this.#known.size,
    };
  }

  /** Those most worth keeping first. */
  get peers(): KnownPeer[] {
    return this.#known.all();
  }

  knows(peer: string): boolean {
    return this.#known.has(peer);
  }

  /** To be called once libp2p runs. */
  async start(): Promise<void> {
    if (!this.#init.active) return;
    this.#known.restore((await this.#init.file?.load()) ?? []);
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

  /** Takes what multicast found. */
  foundLocally(peer: string, addresses: readonly string[]): void {
    // What is said on the local network may be on this machine.
    const usable = usableAddresses(addresses, { ...this.#usable(peer), loopback: true });
    if (this.#started && usable.length > 0) this.#known.foundLocally(peer, usable);
  }

  /** Our own addresses changed. */
  addressesChanged(): void {
    this.#announcer?.changed();
  }

  #take(announcement: PeerAnnouncement): PeerVerdict {
    const { peer } = announcement;
    const addresses = usableAddresses(announcement.addresses, this.#usable(peer));
    return this.#known.announced({ ...announcement, addresses });
  }

  #usable(peer: string) {
    return { peer, loopback: this.#init.loopback, max: this.#options.maxAddresses };
  }

  #changed(): void {
    if (!this.#started) return;
    this.#manager.changed();
    this.#nextSave.ensure(this.#options.saveMs, () => this.#save());
  }

  /** Knowing nobody is no news: the network's name may be wrong this time. */
  #save(): void {
    if (this.#known.size === 0) return;
    this.#saving = this.#saving.then(() => this.#init.file?.save(this.#known.all()));
  }
}
