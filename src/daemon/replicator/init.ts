import type { Logger } from 'pino';
import type { Announce, Fetch, Reconcile } from '../../protocol/index.ts';
import type { BulkPace, Clock, Random, Replica } from '../../store/index.ts';
import type { ItemGuard } from '../guard/index.ts';
import type { ReplicatorObserver } from './observer.ts';
import type { ReplicatorOptions } from './options.ts';
import type { WantsFile } from './upkeep/index.ts';

export interface ReplicatorInit {
  replica: Replica;
  clock: Clock;
  random: Random;
  logger: Logger;
  /**
   * Gives the turns of the event loop in which streamed items are put.
   * @default turns that nothing else shares
   */
  bulk?: Pick<BulkPace, 'turn'>;
  /**
   * Decides which items are taken.
   * @default all are
   */
  guard?: ItemGuard;
  /**
   * Whether the peer gets items and ids.
   * @default every peer does
   */
  givesTo?: (peer: string) => boolean;
  /**
   * Keeps the want list over a restart.
   * @default null: nothing is kept
   */
  wantsFile?: WantsFile | null;
  /**
   * Each hears of the work as it is done.
   * @default none
   */
  observers?: readonly Partial<ReplicatorObserver>[];
  options?: Partial<ReplicatorOptions>;
}

export interface ReplicatorServices {
  reconcile: Reconcile;
  fetch: Fetch;
  /** Null: nothing is pushed, and nothing that others push is heard. */
  announce?: Announce | null;
}
