import type { Logger } from 'pino';
import type { ReconciliationSet } from '../../protocol/index.ts';
import type { Clock, Replica } from '../../store/index.ts';
import type { ItemGuard } from '../guard/index.ts';
import type { ReplicatorObserver } from './observer.ts';
import type { ReplicatorOptions } from './options.ts';
import type { ReceivedRates } from './received-rates.ts';

/** The parts of a replicator that most of its rooms share. */
export interface SharedParts {
  replica: Replica;
  guard: ItemGuard;
  wanted: ReconciliationSet;
  clock: Clock;
  logger: Logger;
  options: ReplicatorOptions;
  rates: ReceivedRates;
  /** @default none */
  observer?: ReplicatorObserver | undefined;
}
