import { BoundedMap, type Clock } from '../../../store/index.ts';
import type { DiscoveryOptions } from './options.ts';

/** Peers remembered as closed, or as insisting; those remembered longest make room. */
const MAX_PEERS = 1_024;
/** An insisting peer is kept this many times `insistMs`, and then has to insist anew. */
const KEPT_TIMES = 6;

/** Peers that came back soon after a surplus close, and are kept: see docs/decisions.md. */
export class Insistence {
  readonly #clock: Clock;
  readonly #withinMs: number;
  readonly #closedAt = new BoundedMap<string, number>(MAX_PEERS);
  /** When each came back, on the monotonic clock. */
  readonly #insisting = new BoundedMap<string, number>(MAX_PEERS);

  constructor({ clock, options }: { clock: Clock; options: DiscoveryOptions }) {
    this.#clock = clock;
    this.#withinMs = options.insistMs;
  }

  has(peer: string): boolean {
    const since = this.#insisting.get(peer) ?? Number.NEGATIVE_INFINITY;
    return this.#clock.monotonic() - since <= KEPT_TIMES * this.#withinMs;
  }

  closed(peer: string): void {
    this.#closedAt.set(peer, this.#clock.monotonic());
  }

  connected(peer: string): void {
    const closedAt = this.#closedAt.get(peer);
    if (closedAt === undefined) return;
    const now = this.#clock.monotonic();
    this.#closedAt.delete(peer);
    this.#insisting.delete(peer);
    if (now - closedAt <= this.#withinMs) this.#insisting.set(peer, now);
  }
}
