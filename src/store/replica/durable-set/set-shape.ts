import type { Clock, Random } from '../../environment.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import type { Database } from '../../level/index.ts';
import type { DurableTreeInit } from '../../tree/index.ts';
import type { TreeOptions } from '../../tree/options.ts';
import type { SetKeys } from '../records/index.ts';

export interface DurableSetInit {
  readonly database: Database;
  readonly keys: SetKeys;
  readonly scheme: FingerprintScheme;
  readonly clock: Clock;
  readonly shape: SetShape;
  readonly onDamage?: DurableTreeInit['onDamage'];
  /** Makes epochs of the order of arrival. @default the platform's */
  readonly random?: Random | undefined;
}

/** Sizes that decide how the index lies in memory and on disk; see `ReplicaInit`. */
export interface SetShape extends TreeOptions {
  /**
   * Unsummed ids in the buffer from which on each commit sums some. Raising it avoids summing parts that
   * change again, and lets a fingerprint block the event loop for longer.
   * @default 16_384
   */
  readonly unsummedIds?: number;
  /** Most log records deleted in one commit. Raising it makes some commits longer. @default 256 */
  readonly trimRecords?: number;
}
