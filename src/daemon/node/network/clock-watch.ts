import type { ClockReading } from '../../../protocol/index.ts';
import { BoundedMap, type Clock } from '../../../store/index.ts';
import type { Logger } from '../../logging.ts';
import type { RefusalReason } from '../../node-api.ts';
import type { AcceptedHints } from '../../retention/index.ts';

interface ClockWatchInit {
  readonly accepted: Pick<AcceptedHints, 'maxAheadMs'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Logger;
  readonly incident: (incident: RefusalReason) => void;
}

/** Peers of which it is known that they were told of. A peer that was forgotten is told of again. */
const MAX_TOLD = 256;
/** Strangers can come with any clock under any number of identities. */
const PAUSE_MS = 60_000;

/** Tells of peers whose clocks differ from this one by more than the hints of new items may. */
export class ClockWatch {
  readonly #init: ClockWatchInit;
  readonly #told = new BoundedMap<string, true>(MAX_TOLD);
  #nextAt = 0;

  constructor(init: ClockWatchInit) {
    this.#init = init;
  }

  readonly heard = (peer: string, { offsetMs }: Pick<ClockReading, 'offsetMs'>): void => {
    const { accepted, clock, logger, incident } = this.#init;
    const apart = clockApart({ peer, offsetMs, maxAheadMs: accepted.maxAheadMs });
    if (apart === null) this.#told.delete(peer);
    const now = clock.monotonic();
    if (apart === null || this.#told.has(peer) || now < this.#nextAt) return;
    this.#told.set(peer, true);
    this.#nextAt = now + PAUSE_MS;
    logger.warn({ event: 'clocks-apart', code: apart.code, peer, offsetMs }, apart.message);
    incident(apart);
  };
}

interface ClockPair {
  readonly peer: string;
  /** Milliseconds that the clock of the peer is ahead of this one; null: not known. */
  readonly offsetMs: number | null;
  /** See `AcceptedHints`. */
  readonly maxAheadMs: number | null;
}

/**
 * Why sessions with the peer prove nothing of the newest items: they leave out the hints that the slower clock has not
 * reached. Null: as far as is known, they leave out none.
 */
export function clockApart({ peer, offsetMs, maxAheadMs }: ClockPair): RefusalReason | null {
  if (offsetMs === null || maxAheadMs === null || Math.abs(offsetMs) <= maxAheadMs) return null;
  const [slow, fast, ...distance] =
    offsetMs > 0
      ? ['this node', peer, 'ahead of this clock']
      : [peer, 'this node', 'behind this clock'];
  const message =
    `The clock of ${peer} is ${Math.round(Math.abs(offsetMs) / 1_000)} s ${distance[0]}, and hints.maxAhead is ` +
    `${Math.round(maxAheadMs / 1_000)} s: ${slow} does not take the newest items of ${fast}. Find out which clock is ` +
    'wrong, set it, and keep both by NTP';
  return { code: 'CLOCKS_APART', message };
}
