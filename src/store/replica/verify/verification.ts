import type { AbstractSnapshot } from 'abstract-level';
import { Rests, steadyPace } from '../../alarm.ts';
import { bytesToHex } from '../../bytes.ts';
import type { BulkPace, Clock } from '../../environment.ts';
import type { FingerprintScheme } from '../../fingerprint/index.ts';
import type { Database, DatabaseCare } from '../../level/index.ts';
import { EMPTY_STATE, type SetKeys, type SetState, setKeys } from '../records/index.ts';
import type { Witness } from '../types.ts';
import type { VerifyOptions, VerifyProblem, VerifyProgress } from './types.ts';

/** What `verifyReplica` needs. */
export interface VerifyInit extends VerifyOptions {
  /** Open; nothing is written to it. */
  database: Database;
  clock: Clock;
  /**
   * How long it keeps the thread.
   * @default 10 ms, and then pending I/O has its turn
   */
  bulk?: BulkPace | undefined;
  scheme: FingerprintScheme;
  /** @default 'set' */
  name?: string;
  /** Compares the tables with their checksums first. @default they are not compared */
  care?: Pick<DatabaseCare, 'patrol'> | undefined;
  /** Knows of commits that were on disk. Give it for a set that is not in use only. @default none */
  witness?: Pick<Witness, 'read'>;
}

/** Errors by which the store's own readers speak of damage. */
const DAMAGE = ['StoreError', 'RecordError', 'GapError', 'RangeError'];

/** The shared state of one verification, and the problems found. */
export class Verification {
  readonly database: Database;
  readonly snapshot: AbstractSnapshot;
  readonly keys: SetKeys;
  readonly scheme: FingerprintScheme;
  /** Empty if the state record cannot be read. */
  state: SetState = EMPTY_STATE;
  readonly problems: VerifyProblem[] = [];
  problemCount = 0;
  readonly #init: VerifyInit;
  readonly #rests: Rests;

  constructor(init: VerifyInit) {
    this.#init = init;
    this.database = init.database;
    this.scheme = init.scheme;
    this.keys = setKeys(init.name ?? 'set');
    this.snapshot = init.database.snapshot();
    this.#rests = new Rests(init.bulk ?? steadyPace(init.clock));
  }

  add(code: VerifyProblem['code'], key: Uint8Array | null, message: string): void {
    this.problemCount++;
    if (this.problems.length >= (this.#init.maxProblems ?? 100)) return;
    this.problems.push({ code, key: key === null ? '' : bytesToHex(key), message });
  }

  /** The result of some work; null if it fails, which is noted as a problem. */
  async guard<Result>(
    code: VerifyProblem['code'],
    work: () => Promise<Result>,
  ): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      this.note(code, error);
      return null;
    }
  }

  /** Notes an error as a problem; rethrows an error that does not speak of damage. */
  note(code: VerifyProblem['code'], error: unknown): void {
    const isDamage = error instanceof Error && DAMAGE.includes(error.name);
    if (!isDamage || Object(error).code === 'STORE_UNAVAILABLE') throw error;
    this.add(code, null, error.message);
  }

  /** For `walk`: notes that some of these records cannot be read. */
  unreadable(records: string): (error: unknown) => void {
    return (error) => {
      const reason = (error as Error).message;
      this.add('UNREADABLE', null, `LevelDB cannot read all of the ${records} (${reason})`);
    };
  }

  /** Call it at least once for every few milliseconds of work. */
  async step(phase: VerifyProgress['phase'], done: number): Promise<void> {
    const { progress, signal } = this.#init;
    signal?.throwIfAborted();
    progress?.({ phase, done, of: this.state.items });
    await this.#rests.due();
  }
}
