import { DaemonError } from '../../../../src/daemon/index.ts';
import {
  DEFAULT_DISCOVERY_OPTIONS,
  type DiscoveryOptions,
} from '../../../../src/daemon/mesh/discovery/index.ts';
import {
  ConnectionManager,
  type DiscoveryDial,
  KnownPeers,
} from '../../../../src/daemon/mesh/discovery/testing.ts';
import type { ConnectionWatcher } from '../../../../src/daemon/mesh/index.ts';
import { Notices } from '../../../../src/daemon/mesh/index.ts';
import type { VirtualClock } from '../../../support/clock.ts';
import { SeededRandom } from '../../../support/random.ts';
import { Log } from '../log.ts';

export interface NodeInit {
  readonly options?: Partial<DiscoveryOptions>;
  /** Peers that are never let go. */
  readonly configured?: readonly string[];
  readonly allowed?: (peer: string) => boolean;
}

/** Nodes that know and dial each other under virtual time; the peer `x` is at the address `x`. */
export class FakeNetwork {
  readonly clock: VirtualClock;
  readonly nodes: Map<string, FakeNode> = new Map();
  /** Names of nodes that answer no dial. */
  readonly down: Set<string> = new Set();
  opened = 0;
  closed = 0;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  add(name: string, init: NodeInit = {}): FakeNode {
    const node = new FakeNode(this, name, init);
    this.nodes.set(name, node);
    return node;
  }

  /** Everybody in `names` hears of everybody else. */
  introduce(names: readonly string[]): void {
    for (const name of names) {
      for (const peer of names) {
        if (peer !== name) this.nodes.get(name)!.hear(peer);
      }
    }
  }

  connect(a: string, b: string): void {
    if (this.nodes.get(a)!.peers.has(b)) return;
    this.opened++;
    this.nodes.get(a)!.opened(b);
    this.nodes.get(b)!.opened(a);
  }

  disconnect(a: string, b: string): void {
    if (!this.nodes.get(a)!.peers.has(b)) return;
    this.closed++;
    this.nodes.get(a)!.ended(b);
    this.nodes.get(b)!.ended(a);
  }

  stop(): void {
    for (const { keeper } of this.nodes.values()) keeper.stop();
  }

  /** How many nodes one of them reaches over any number of hops, itself included. */
  get reach(): number {
    const [first] = this.nodes.keys();
    const seen = new Set([first!]);
    for (const name of seen) for (const peer of this.nodes.get(name)!.peers) seen.add(peer);
    return seen.size;
  }

  get degrees(): number[] {
    return [...this.nodes.values()].map(({ peers }) => peers.size);
  }
}

export class FakeNode implements DiscoveryDial {
  readonly self: string;
  readonly peers: Set<string> = new Set();
  readonly known: KnownPeers;
  readonly keeper: ConnectionManager;
  readonly log: Log;
  readonly dialled: string[] = [];
  /** Whether addresses that never led to a peer may be dialled. */
  ready = true;
  readonly busy: Set<string> = new Set();
  readonly configured: Set<string>;
  readonly #network: FakeNetwork;
  readonly #watchers = new Set<ConnectionWatcher>();

  constructor(network: FakeNetwork, name: string, init: NodeInit) {
    const { clock } = network;
    this.self = name;
    this.#network = network;
    this.configured = new Set(init.configured);
    this.log = new Log('debug', clock);
    const { logger } = this.log;
    const options = { ...DEFAULT_DISCOVERY_OPTIONS, ...init.options };
    const shared = { clock, random: new SeededRandom(name), options };
    this.known = new KnownPeers({
      ...shared,
      self: name,
      allowed: init.allowed ?? (() => true),
      connected: (peer) => this.connected(peer),
      changed: () => this.keeper.changed(),
    });
    this.keeper = new ConnectionManager({
      ...shared,
      dial: this,
      known: this.known,
      logger,
      notices: new Notices({ clock, logger }),
      neighbours: {
        connected: () => this.peers,
        configured: (peer) => this.configured.has(peer),
        busy: (peer) => this.busy.has(peer),
        close: async (peer) => network.disconnect(name, peer),
      },
    });
  }

  hear(peer: string, sequence: number = this.#network.clock.now()): void {
    this.known.announced({ peer, addresses: [peer], sequence: BigInt(sequence) });
  }

  hasProven(address: string): boolean {
    return this.dialled.includes(address.slice(address.lastIndexOf('/') + 1));
  }

  connected(peer: string): boolean {
    return this.peers.has(peer);
  }

  brought(): boolean {
    return false;
  }

  async dial(address: string): Promise<string> {
    const peer = address.slice(address.lastIndexOf('/') + 1);
    this.dialled.push(peer);
    await new Promise<void>((resolve) => {
      this.#network.clock.after(20, resolve);
    });
    if (!this.#network.nodes.has(peer) || this.#network.down.has(peer)) {
      throw new DaemonError('DIAL_FAILED', `no node at ${address}`);
    }
    this.#network.connect(this.self, peer);
    return peer;
  }

  watch(watcher: ConnectionWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  opened(peer: string): void {
    this.peers.add(peer);
    for (const watcher of this.#watchers) watcher.connected(peer);
  }

  ended(peer: string): void {
    this.peers.delete(peer);
    for (const watcher of this.#watchers) watcher.disconnected(peer);
  }
}
