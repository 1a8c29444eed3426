import type { Clock } from '../../../store/index.ts';
import type { DiscoveryOptions } from './options.ts';

/** Peers remembered as closed, or as insisting; those remembered longest make room. */
const MAX_PEERS = 1_024;

/**
 * Which peers came back soon after their connection was closed as surplus. They have us in their
 * configuration, or know of nobody else: closing them again and again would help nobody.
 */
export class Insistence {
  readonly #clock: Clock;
  readonly #withinMs: number;
  readonly #closedAt = new Map<string, number>();
  readonly #insisting = new Set<string>();

  constructor({ clock, options }: { clock: Clock; options: DiscoveryOptions }) {
    this.#clock = clock;
    this.#withinMs = options.insistMs;
  }

  has(peer: string): boolean {
    return this.#insisting.has(peer);
  }

  closed(peer: string): void {
    this.#closedAt.delete(peer);
    this.#closedAt.set(peer, this.#clock.monotonic());
    bound(this.#closedAt);
  }

  connected(peer: string): void {
    const closedAt = this.#closedAt.get(peer);
    if (closedAt === undefined) return;
    if (this.#clock.monotonic() - closedAt > this.#withinMs) this.#forget(peer);
    else this.#insisting.add(peer);
    bound(this.#insisting);
  }

  #forget(peer: string): void {
    this.#closedAt.delete(peer);
    this.#insisting.delete(peer);
  }
}

function bound(peers: { size: number; keys(): Iterable<string>; delete(peer: string): boolean }) {
  if (peers.size <= MAX_PEERS) return;
  for (const oldest of peers.keys()) {
    peers.delete(oldest);
    return;
  }
}
