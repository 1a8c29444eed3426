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
  #spoilt = false;

  constructor(init: DatabaseHandleInit) {
    this.#init = init;
    this.#open = opener(init);
  }

  get current(): Database | null {
    return this.#current;
  }

  /** Whether the next opening repairs the database first. */
  get needsRepair(): boolean {
    return this.#spoilt && this.#init.repair !== undefined;
  }

  async open(): Promise<Database> {
    this.#current = await this.#open();
    return this.#current;
  }

  failed(cause: unknown): void {
    this.#spoilt ||= isUnreadable(cause);
  }

  /** Closes the database, and repairs it if it must; whether it did. */
  async release(): Promise<boolean> {
    const old = this.#current;
    this.#current = null;
    await old?.close();
    if (!this.needsRepair) return false;
    await this.#init.repair?.();
    this.#spoilt = false;
    const message = 'LevelDB met a part of its files that it cannot read, and has left it out';
    this.#init.incidents.add(
      'DATABASE_REPAIRED',
      `${message}: the peers will refill what was lost`,
    );
    return true;
  }

  /** Closes a database that could not be loaded, and ignores errors of closing. */
  async abandon(): Promise<void> {
    await this.#current?.close().catch(() => undefined);
    this.#current = null;
  }

  async close(): Promise<void> {
    await this.#current?.close();
  }
}

/** Opens the database, at first and again after a failed write. */
export function opener({ database, open }: ReplicaDatabase): () => Promise<Database> {
  if (open !== undefined) return open;
  if (database === undefined)
    throw new TypeError('a replica needs a database, or a way to open one');
  return async () => {
    await database.open();
    return database;
  };
}
