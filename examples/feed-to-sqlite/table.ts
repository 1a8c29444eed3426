import { DatabaseSync } from 'node:sqlite';
import type { Change } from 'rangemesh/client';

/** The part of the feed that the table holds. */
export interface Place {
  readonly since: number;
  /** Undefined until the first page came. */
  readonly epoch: string | undefined;
}

/** One answer of the feed. */
export interface Page {
  readonly epoch: string;
  readonly entries: readonly Change[];
  /** The place to go on from. */
  readonly last: number;
  /** The newest place of the node when it answered. */
  readonly newest: number;
}

/** Hints are unsigned 64-bit numbers; as text of 20 digits they sort like numbers. */
const HINT_DIGITS = 20;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS items (
    id TEXT PRIMARY KEY,
    hint TEXT NOT NULL,
    payload BLOB,
    epoch TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS items_by_hint ON items (hint, id);
  CREATE INDEX IF NOT EXISTS items_without_payload ON items (id) WHERE payload IS NULL;
  CREATE TABLE IF NOT EXISTS place (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    stale INTEGER NOT NULL
  ) STRICT;
`;

/** The items of one node as rows. Rows and place change in the same transaction. */
export class ItemTable {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // FULL: a transaction is on disk once it has ended.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#database.exec(SCHEMA);
  }

  get place(): Place {
    const row = this.#database.prepare('SELECT epoch, seq FROM place').get();
    return { since: Number(row?.seq ?? 0), epoch: row?.epoch?.toString() };
  }

  get size(): number {
    return Number(this.#database.prepare('SELECT count(*) AS size FROM items').get()?.size);
  }

  /** Writes one page. After a new epoch, rows that the node does not list any more go at its end. */
  apply({ epoch, entries, last, newest }: Page): void {
    this.#transaction(() => {
      // A known row stays; its payload is filled in where it was not there.
      const put = this.#database.prepare(`
        INSERT INTO items (id, hint, payload, epoch) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE
        SET epoch = excluded.epoch, payload = coalesce(excluded.payload, payload)
      `);
      for (const { id, hint, payload } of entries) {
        put.run(id, hint.padStart(HINT_DIGITS, '0'), bytesOf(payload), epoch);
      }
      const move = this.#database.prepare(`
        INSERT INTO place (only_row, epoch, seq, stale) VALUES (1, ?, ?, 0)
        ON CONFLICT (only_row) DO UPDATE
        SET epoch = excluded.epoch, seq = excluded.seq, stale = stale OR epoch <> excluded.epoch
      `);
      move.run(epoch, last);
      if (last >= newest) this.#dropOtherEpochs(epoch);
    });
  }

  /** Ids of rows whose payload was not at the node when the feed named them. */
  withoutPayload(limit: number): string[] {
    const rows = this.#database
      .prepare('SELECT id FROM items WHERE payload IS NULL LIMIT ?')
      .all(limit);
    return rows.map(({ id }) => String(id));
  }

  fill(id: string, payload: string): void {
    this.#database.prepare('UPDATE items SET payload = ? WHERE id = ?').run(bytesOf(payload), id);
  }

  close(): void {
    this.#database.close();
  }

  /** Reads the whole table, so only once after each new epoch. */
  #dropOtherEpochs(epoch: string): void {
    if (this.#database.prepare('SELECT stale FROM place').get()?.stale === 0) return;
    this.#database.prepare('DELETE FROM items WHERE epoch <> ?').run(epoch);
    this.#database.prepare('UPDATE place SET stale = 0').run();
  }

  #transaction(write: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      write();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function bytesOf(payload: string | null | undefined): Uint8Array | null {
  return typeof payload === 'string' ? Buffer.from(payload, 'base64') : null;
}
