import type { AbstractSnapshot } from 'abstract-level';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import type { Database } from '../../level/index.ts';
import type { SetKeys, SetState } from '../records/index.ts';
import type { Findings } from './findings.ts';
import type { VerifyProgress } from './types.ts';

/** What the parts of one verification share. */
export interface Verification {
  readonly database: Database;
  readonly snapshot: AbstractSnapshot;
  readonly keys: SetKeys;
  readonly scheme: FingerprintScheme;
  readonly state: SetState;
  readonly findings: Findings;
  /** For `walk`: notes that something among these records cannot be read. */
  readonly unreadable: (records: string) => (error: unknown) => void;
  /** Call it at least once for every few milliseconds of work. */
  readonly step: (phase: VerifyProgress['phase'], done: number) => Promise<void>;
}
