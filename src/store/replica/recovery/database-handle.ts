import { type Database, isUnreadable } from '../../level/index.ts';
import type { Incidents } from '../incidents.ts';

export interface DatabaseHandleInit {
  open: () => Promise<Database>;
  /** See `ReplicaDatabase`. */
  repair?: (() => Promise<void>) | undefined;
  incidents: Incidents;
}

/**
 * The database of a set: opened, and opened again after a failed write. LevelDB writes nothing any more
 * once merging its tables has met a block it cannot read, and again soon after it was opened. What cannot
 * be read must leave its tables, so the database is repaired in between.
 */
export class DatabaseHandle {
  readonly #init: DatabaseHandleInit;
  #current: Database | null = null;
  #spoilt = false;

  constructor(init: DatabaseHandleInit) {
    this.#init = init;
  }

  /** Null while it is not open. */
  get current(): Database | null {
    return this.#current;
  }

  /** Whether the next opening repairs the database first. */
  get needsRepair(): boolean {
    return this.#spoilt && this.#init.repair !== undefined;
  }

  async open(): Promise<Database> {
    this.#current = await this.#init.open();
    return this.#current;
  }

  /** Notes why a write failed. */
  failed(cause: unknown): void {
    this.#spoilt ||= isUnreadable(cause);
  }

  /** Closes the database, and repairs it where it must be; whether it did. */
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

  /** Closes the database, whatever comes of it: it could not be loaded. */
  async abandon(): Promise<void> {
    await this.#current?.close().catch(() => undefined);
    this.#current = null;
  }

  async close(): Promise<void> {
    await this.#current?.close();
  }
}
