import { checkFunction, checkPort } from '../../checks.ts';
import { StoreError } from '../../errors.ts';
import { type Database, isUnreadable } from '../../level/index.ts';
import type { Incidents } from '../incidents.ts';
import type { ReplicaDatabase } from '../types.ts';

export interface DatabaseHandleInit extends ReplicaDatabase {
  incidents: Incidents;
}

/**
 * The database of a set: opened, and opened again after a failed write. After a compaction has met an
 * unreadable block, LevelDB refuses all writes, also when it is opened again. So it is repaired first.
 */
export class DatabaseHandle {
  readonly #init: DatabaseHandleInit;
  readonly #open: () => Promise<Database>;
  #current: Database | null = null;
  /** Why the database must be repaired, as a sentence; null when it need not be. */
  #damage: string | null = null;
  #checking: Promise<boolean> | null = null;

  constructor(init: DatabaseHandleInit) {
    this.#init = init;
    this.#open = opener(init);
  }

  get current(): Database | null {
    return this.#current;
  }

  /** Whether the next opening repairs the database first. */
  get needsRepair(): boolean {
    return this.#damage !== null && this.#canRepair;
  }

  get #canRepair(): boolean {
    return this.#init.care !== undefined || this.#init.repair !== undefined;
  }

  /** Opens the database for the first time, repaired if its files are damaged; whether it was. */
  async begin(): Promise<boolean> {
    const { care, signal } = this.#init;
    this.#damage = (await care?.inspect(signal)) ?? null;
    const repaired = await this.release();
    signal?.throwIfAborted();
    try {
      await this.#openAtFirst();
      return repaired;
    } catch (error) {
      const corrupt = error instanceof StoreError && error.code === 'STORE_CORRUPT';
      if (repaired || care === undefined || !corrupt) throw error;
      this.#damage = error.message;
    }
    await this.release();
    await this.#openAtFirst();
    return true;
  }

  async #openAtFirst(): Promise<void> {
    const { care } = this.#init;
    await care?.opening();
    try {
      await this.open();
    } catch (error) {
      await care?.gaveUp().catch(() => undefined);
      throw error;
    }
  }

  async open(): Promise<Database> {
    this.#current = await this.#open();
    return this.#current;
  }

  failed(cause: unknown): void {
    if (isUnreadable(cause)) this.#damage ??= 'LevelDB met a part of its files that it cannot read';
  }

  /** Whether a table of the open database is damaged; the next `release` repairs it then. */
  isDamaged(): Promise<boolean> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  async #check(): Promise<boolean> {
    // A disk that does not read says nothing of what is on it.
    this.#damage ??= (await this.#init.care?.damage().catch(() => null)) ?? null;
    return this.needsRepair;
  }

  /** A set was found in the open database, or is being put together. A note that is not written costs a check. */
  async loaded(): Promise<void> {
    await this.#init.care?.opened().catch(() => undefined);
  }

  /** The set is served: what a repair lost is noted in it. */
  async served(): Promise<void> {
    await this.#init.care?.served().catch(() => undefined);
  }

  /** Closes the database, and repairs it if it must; whether it did. */
  async release(): Promise<boolean> {
    const old = this.#current;
    this.#current = null;
    await old?.close();
    if (!this.needsRepair) return false;
    const { care, repair, incidents } = this.#init;
    await (care?.repair() ?? repair?.());
    const message = `${this.#damage}: the database was repaired without it, the peers will refill what was lost`;
    this.#damage = null;
    incidents.add('DATABASE_REPAIRED', message);
    return true;
  }

  /** Closes a database that could not be loaded, and ignores errors of closing. */
  async abandon(): Promise<void> {
    await this.#current?.close().catch(() => undefined);
    this.#current = null;
  }

  async close(): Promise<void> {
    if (this.#current === null) return;
    await this.#current.close();
    if (!this.needsRepair) await this.#init.care?.closed().catch(() => undefined);
  }
}

/** Opens the database, at first and again after a failed write. */
export function opener({ database, open }: ReplicaDatabase): () => Promise<Database> {
  if (open !== undefined) {
    checkFunction('open', open);
    return open;
  }
  if (database === undefined) {
    const message = "a replica needs a 'database', or 'open', which opens one";
    throw new StoreError('INVALID_INIT', message);
  }
  checkPort('database', database, ['open', 'batch']);
  return async () => {
    await database.open();
    return database;
  };
}
