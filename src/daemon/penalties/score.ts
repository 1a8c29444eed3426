import type { Clock } from '../../store/index.ts';
import type { PenaltyCode, PenaltyIncident } from './weights.ts';

/** Reports of one peer within this time are consequences of the first. */
const COALESCE_MS = 10_000;
const HALF_LIFE_MS = 600_000;

const BAN_MS = 600_000;
const MAX_BAN_MS = 86_400_000;
/** Bans within this time of each other double. */
const BAN_MEMORY_MS = 86_400_000;

interface RunningBan {
  readonly code: PenaltyCode;
  /** On the monotonic clock. */
  readonly until: number;
}

/** The points of one peer, half of which go in ten minutes, and its bans. */
export class PeerScore {
  readonly #clock: Clock;
  #points = 0;
  /** Of which `#points` were, on the monotonic clock. */
  #at: number;
  /** The incident at hand, and the most that it has weighed. */
  #incident = { at: Number.NEGATIVE_INFINITY, weight: 0 };
  #ban: RunningBan | null = null;
  #bans = 0;
  last: (PenaltyIncident & { readonly at: number }) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  get points(): number {
    return this.#points * 2 ** ((this.#at - this.#clock.monotonic()) / HALF_LIFE_MS);
  }

  get ban(): RunningBan | null {
    return this.#ban !== null && this.#clock.monotonic() < this.#ban.until ? this.#ban : null;
  }

  /** Adds points, up to `max` in all; false for a consequence of the incident at hand. */
  add(
    incident: PenaltyIncident,
    { weight, max }: { readonly weight: number; readonly max: number },
  ): boolean {
    const now = this.#clock.monotonic();
    const fresh = now - this.#incident.at >= COALESCE_MS;
    if (!fresh && weight <= this.#incident.weight) return false;
    const more = fresh ? weight : weight - this.#incident.weight;
    const { points } = this;
    this.#points = Math.max(points, Math.min(max, points + more));
    this.#at = now;
    this.#incident = { at: fresh ? now : this.#incident.at, weight };
    this.last = { ...incident, at: this.#clock.now() };
    return true;
  }

  /** Bans the peer, which begins anew afterwards; returns the milliseconds. */
  banFor(code: PenaltyCode, short: boolean): number {
    const now = this.#clock.monotonic();
    const lately = this.#ban !== null && now - this.#ban.until < BAN_MEMORY_MS;
    this.#bans = lately ? this.#bans + 1 : 0;
    const ms = short ? BAN_MS : Math.min(MAX_BAN_MS, BAN_MS * 2 ** this.#bans);
    this.#ban = { code, until: now + ms };
    this.#points = 0;
    return ms;
  }
}
