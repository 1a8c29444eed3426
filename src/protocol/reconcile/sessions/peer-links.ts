import type { Clock } from '../../../store/index.ts';
import { getOrMake } from '../../get-or-make.ts';
import { LINKS, type LinkChoice, type SessionLink } from '../link.ts';

/** Measurements of a peer that count: the last ones. */
const SAMPLES = 8;
/** Shorter frames arrive at once, and tell nothing of the throughput. */
const LONG_BYTES = 16_384;
/** Clocks tell no shorter time apart. */
const LEAST_MS = 0.1;

/** The last measurements of one kind. */
class Samples {
  readonly #values: number[] = [];

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > SAMPLES) this.#values.shift();
  }

  /** The value chosen of all; `without` where there is none. */
  pick(choose: (...values: number[]) => number, without: number): number {
    return this.#values.length === 0 ? without : choose(...this.#values);
  }
}

class MeasuredLink implements SessionLink {
  readonly roundTrips: Samples = new Samples();
  readonly rates: Samples = new Samples();

  /** Both sides compute between two frames: so the least time, and the highest rate, count. */
  get roundTripMs(): number {
    return this.roundTrips.pick(Math.min, LINKS.auto.roundTripMs);
  }

  get bytesPerMs(): number {
    return this.rates.pick(Math.max, LINKS.auto.bytesPerMs);
  }
}

/** The links to connected peers, as their sessions have found them. */
export class PeerLinks {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #choice: LinkChoice;
  readonly #measured = new Map<string, MeasuredLink>();

  constructor(clock: Pick<Clock, 'monotonic'>, choice: LinkChoice) {
    this.#clock = clock;
    this.#choice = choice;
  }

  /** The link that the next session with a peer goes by. */
  of(peer: string): SessionLink {
    if (this.#choice !== 'auto') return LINKS[this.#choice];
    const { bytesPerMs, roundTripMs } = this.#measured.get(peer) ?? LINKS.auto;
    return { bytesPerMs, roundTripMs };
  }

  /** Measures the link by the frames of one session. */
  watch(peer: string): LinkWatch {
    const link = getOrMake(this.#measured, peer, () => new MeasuredLink());
    return new LinkWatch(this.#clock, link);
  }

  /** To be called when a peer disconnects. */
  forget(peer: string): void {
    this.#measured.delete(peer);
  }
}

/**
 * Hears when frames of one session are sent and arrive. The first frame that arrives after our first is an
 * answer to it. Later frames may have been on their way when ours was sent.
 */
export class LinkWatch {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #link: MeasuredLink;
  /** When our first frame was sent. */
  #sentAt: number | null = null;
  #answered = false;
  /** When the last frame arrived, if nothing was sent since. */
  #receivedAt: number | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>, link: MeasuredLink) {
    this.#clock = clock;
    this.#link = link;
  }

  sent(): void {
    this.#sentAt ??= this.#clock.monotonic();
    this.#receivedAt = null;
  }

  received(bytes: number): void {
    const now = this.#clock.monotonic();
    if (this.#sentAt !== null && !this.#answered) {
      this.#answered = true;
      this.#link.roundTrips.add(now - this.#sentAt);
    } else if (this.#receivedAt !== null && bytes >= LONG_BYTES) {
      this.#link.rates.add(bytes / Math.max(LEAST_MS, now - this.#receivedAt));
    }
    this.#receivedAt = now;
  }
}
