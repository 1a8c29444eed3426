import { Alarm, type Cancel, type Random } from '../../../store/index.ts';
import { jittered } from '../../backoff.ts';
import type { Dial } from '../dialling/index.ts';
import { type Choice, choose, exchanged, type Link } from './choose.ts';
import { Insistence } from './insistence.ts';
import type { KnownPeers } from './known-peers.ts';
import { PeerDials, type PeerDialsInit } from './peer-dials.ts';

export interface ConnectionManagerInit extends PeerDialsInit {
  readonly dial: DiscoveryDial;
  readonly known: KnownPeers;
  readonly random: Random;
  readonly neighbours: Neighbours;
}

/** A dialer that has bounds for addresses of which peers told. */
export interface DiscoveryDial extends Dial {
  /** Whether an address that never led to a peer may be dialled now. */
  readonly ready: boolean;
  /** Whether the address, with a peer id, led to that peer in this run. */
  hasProven(address: string): boolean;
}

/** The peers that this node is connected with. */
export interface Neighbours {
  /** Connected peers of this network. */
  connected(): Iterable<string>;
  /** Whether the configuration or an operator keeps the peer connected. */
  configured(peer: string): boolean;
  /** Whether something is under way with the peer that closing would spoil. */
  busy(peer: string): boolean;
  /** Closes the connections to the peer; never rejects. */
  close(peer: string): Promise<void>;
}

/** A change waits this long for others before the connections are reviewed. */
const SOON_MS = 200;

/** Holds the degree: dials known peers at random, closes surplus connections, and mixes the mesh. */
export class ConnectionManager {
  readonly #init: ConnectionManagerInit;
  readonly #dials: PeerDials;
  readonly #insistence: Insistence;
  readonly #nextReview: Alarm;
  /** When each connected peer connected, on the monotonic clock. */
  readonly #since = new Map<string, number>();
  /** Connected peers that this node chose. */
  readonly #dialled = new Set<string>();
  readonly #closing = new Set<string>();
  #trimming = false;
  #exchangeAt = 0;
  #reviewAt = Number.POSITIVE_INFINITY;
  #unwatch: Cancel = () => undefined;
  #running = false;

  constructor(init: ConnectionManagerInit) {
    this.#init = init;
    this.#dials = new PeerDials(init);
    this.#insistence = new Insistence(init);
    this.#nextReview = new Alarm(init.clock);
  }

  start(): void {
    this.#running = true;
    this.#unwatch = this.#init.dial.watch({
      connected: (peer) => this.#connected(peer),
      disconnected: (peer) => this.#disconnected(peer),
    });
    for (const peer of this.#init.neighbours.connected()) this.#connected(peer);
    this.#nextExchange();
    // Configured peers go first.
    this.#reviewIn(this.#jittered(1_000));
  }

  stop(): void {
    this.#running = false;
    this.#unwatch();
    this.#nextReview.cancel();
    this.#dials.stop();
  }

  /** The known peers, or the connections to them, changed. */
  changed(): void {
    this.#reviewIn(SOON_MS);
  }

  #connected(peer: string): void {
    const now = this.#init.clock.monotonic();
    this.#since.set(peer, now);
    if (this.#dials.has(peer)) this.#dialled.add(peer);
    else this.#insistence.connected(peer);
    this.#init.known.reached(peer, null);
    this.changed();
  }

  #disconnected(peer: string): void {
    const { clock, dial, known } = this.#init;
    const since = this.#since.get(peer) ?? clock.monotonic();
    this.#since.delete(peer);
    this.#dialled.delete(peer);
    known.lost(peer, clock.monotonic() - since, dial.brought(peer));
    // A surplus connection that this node closed is no reason to close the next one at once.
    if (!this.#closing.delete(peer)) this.changed();
  }

  /** Reviews the connections in at most so many milliseconds. */
  #reviewIn(delayMs: number): void {
    const at = this.#init.clock.monotonic() + delayMs;
    if (!this.#running || at >= this.#reviewAt) return;
    this.#reviewAt = at;
    this.#nextReview.set(delayMs, () => this.#review());
  }

  #review(): void {
    this.#reviewAt = Number.POSITIVE_INFINITY;
    this.#reviewIn(this.#jittered(this.#init.options.tickMs));
    const exchange = this.#init.clock.monotonic() >= this.#exchangeAt;
    const { dial, close, trimming } = this.#choose(exchange);
    if (exchange) this.#nextExchange();
    this.#trimming = trimming;
    for (const peer of dial) void this.#dial(peer, exchange);
    for (const peer of close) this.#close(peer);
  }

  #choose(exchange: boolean): Choice {
    const { known, options, random } = this.#init;
    const situation = {
      degree: options.degree,
      links: this.#links(),
      dialling: this.#dials.size,
      candidates: known
        .candidates()
        .filter(({ peer }) => !this.#dials.has(peer) && !this.#init.neighbours.configured(peer))
        .filter(({ peer }) => this.#mayDial(peer)),
      exchange,
      trimming: this.#trimming,
    };
    return choose(situation, random);
  }

  #mayDial(peer: string): boolean {
    const { dial, known } = this.#init;
    const first = known.addressesOf(peer)[0];
    return dial.ready || dial.hasProven(`${first}/p2p/${peer}`);
  }

  #links(): Link[] {
    const { clock, options } = this.#init;
    const now = clock.monotonic();
    return [...this.#init.neighbours.connected()].flatMap((peer) => {
      const since = this.#since.get(peer);
      if (since === undefined || this.#closing.has(peer)) return [];
      const kept = this.#init.neighbours.configured(peer) || this.#insistence.has(peer);
      const busy = now - since < options.graceMs || this.#init.neighbours.busy(peer);
      return [{ peer, kept, dialled: this.#dialled.has(peer), busy, since }];
    });
  }

  async #dial(peer: string, exchange: boolean): Promise<void> {
    const address = await this.#dials.dial(peer);
    if (!this.#running) return;
    if (address === null) {
      this.#init.known.failed(peer);
      this.changed();
      return;
    }
    this.#init.known.reached(peer, address);
    if (exchange) this.#letOneGoFor(peer);
  }

  #letOneGoFor(added: string): void {
    const { degree } = this.#init.options;
    const peer = exchanged({ degree, links: this.#links() }, added);
    if (peer !== undefined) this.#close(peer);
  }

  #close(peer: string): void {
    this.#init.logger.debug({ peer }, 'connection closed: there are enough others');
    this.#closing.add(peer);
    this.#insistence.closed(peer);
    void this.#init.neighbours.close(peer).then(() => this.#closing.delete(peer));
  }

  #nextExchange(): void {
    const { clock, options } = this.#init;
    this.#exchangeAt = clock.monotonic() + this.#jittered(options.rebalanceMs);
  }

  #jittered(delayMs: number): number {
    return jittered(delayMs, this.#init.options.jitter, this.#init.random);
  }
}
