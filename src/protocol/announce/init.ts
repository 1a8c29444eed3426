import type { Clock, Random } from '../../store/index.ts';
import type { PeerWork, TrafficMeter } from '../budgets/index.ts';
import type { Knows } from '../knows.ts';
import type { Log } from '../log.ts';
import type { AnnounceEvents } from './events.ts';
import type { AnnounceOptions } from './options.ts';

/** What an `AnnounceService` needs. */
export interface AnnounceInit {
  clock: Clock;
  random: Random;
  /** Part of the topic: deployments with different names never mix. 1 to 64 characters. */
  networkName: string;
  events: AnnounceEvents;
  /**
   * Whether messages of the publisher are taken and passed on.
   * @default all
   */
  allowed?: (publisher: string) => boolean;
  /**
   * The mean delay of the event loop since the last call, in milliseconds.
   * @default 0
   */
  loopDelayMs?: () => number;
  /**
   * The rate of work that peers cause. Messages of a peer that owes work are left to sessions.
   * @default not charged
   */
  work?: Pick<PeerWork, 'run' | 'debtMs'>;
  /**
   * The budget of bytes on the wire. While more than a second of upload is owed, items are left to sessions.
   * @default nothing is owed
   */
  traffic?: Pick<TrafficMeter, 'debtMs'>;
  /**
   * Peers that a part of the held messages, and of the rate of checks, is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
  /** @default silent */
  log?: Log;
  options?: Partial<AnnounceOptions>;
}
