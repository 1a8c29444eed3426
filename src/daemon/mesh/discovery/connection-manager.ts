import { Alarm, type Cancel, type Clock, type Random } from '../../../store/index.ts';
import type { Logger } from '../../logging.ts';
import type { Dial } from '../dialling/index.ts';
import type { Notices } from '../notices.ts';
import { type Choice, choose, exchanged, type Link } from './choose.ts';
import { Insistence } from './insistence.ts';
import type { KnownPeers } from './known-peers.ts';
import type { DiscoveryOptions } from './options.ts';
import { PeerDials } from './peer-dials.ts';

export interface ConnectionManagerInit {
  readonly dial: Dial;
  readonly known: KnownPeers;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly notices: Notices;
  readonly options: DiscoveryOptions;
  readonly neighbours: Neighbours;
}

/** The peers that this node is connected with. */
export interface Neighbours {
  /** Those that belong to our network. */
  connected(): Iterable<string>;
  /** Whether the configuration or an operator keeps the peer connected. */
  configured(peer: string): boolean;
  /** Whether something is under way with the peer that closing would spoil. */
  busy(peer: string): boolean;
  /** Lets a peer go; never rejects. */
  close(peer: string): Promise<void>;
}

/** So long after something happened the connections are looked at. */
const SOON_MS = 200;

/** Holds the degree: dials known peers at random, lets surplus go, and slowly mixes the mesh. */
export class ConnectionManager {
  readonly #init: ConnectionManagerInit;
  readonly #dials: PeerDials;
  readonly #insistence: Insistence;
  readonly #nextLook: Alarm;
  /** When each connected peer connected, on the monotonic clock. */
  readonly #since = new Map<string, number>();
  /** Connected peers that we chose. */
  readonly #dialled = new Set<string>();
  readonly #closing = new Set<string>();
  #trimming = false;
  #exchangeAt = 0;
  #lookAt = Number.POSITIVE_INFINITY;
  #unwatch: Cancel = () => undefined;
  #running = false;

  constructor(init: ConnectionManagerInit) {
    this.#init = init;
    this.#dials = new PeerDials(init);
    this.#insistence = new Insistence(init);
    this.#nextLook = new Alarm(init.clock);
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
    this.#lookIn(this.#jittered(1_000));
  }

  stop(): void {
    this.#running = false;
    this.#unwatch();
    this.#nextLook.cancel();
    this.#dials.stop();
  }

  /** There may be something to do. */
  changed(): void {
    this.#lookIn(SOON_MS);
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
    const { clock, known } = this.#init;
    const since = this.#since.get(peer) ?? clock.monotonic();
    this.#since.delete(peer);
    this.#dialled.delete(peer);
    known.lost(peer, clock.monotonic() - since);
    // What we closed ourselves is no reason to close the next one at once.
    if (!this.#closing.delete(peer)) this.changed();
  }

  /** Looks in at most so many milliseconds. */
  #lookIn(delayMs: number): void {
    const at = this.#init.clock.monotonic() + delayMs;
    if (!this.#running || at >= this.#lookAt) return;
    this.#lookAt = at;
    this.#nextLook.set(delayMs, () => this.#look());
  }

  #look(): void {
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#lookIn(this.#jittered(this.#init.options.tickMs));
    const exchange = this.#init.clock.monotonic() >= this.#exchangeAt;
    const { dial, close, trimming } = this.#choose(exchange);
    if (exchange) this.#nextExchange();
    this.#trimming = trimming;
    for (const peer of dial) void this.#dial(peer, exchange);
    for (const peer of close) this.#close(peer);
  }

  #choose(exchange: boolean): Choice {
    const { known, options, random } = this.#init;
    const candidates = known
      .candidates()
      .filter(({ peer }) => !this.#dials.has(peer) && !this.#init.neighbours.configured(peer));
    const situation = { ...options, links: this.#links(), candidates, exchange };
    const dialling = this.#dials.size;
    return choose({ ...situation, dialling, trimming: this.#trimming }, random);
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
    return delayMs * (1 - this.#init.options.jitter * this.#init.random.fraction());
  }
}
