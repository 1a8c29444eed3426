import type { Database } from '../../src/store/index.ts';
import { SYNCED } from '../support/synced.ts';

/** Writes all records that come while a batch is being written in the next batch. */
export class SyncedGroup {
  readonly #database: Database;
  #waiting: { readonly key: Uint8Array; readonly value: Uint8Array; readonly done: () => void }[] =
    [];
  #writing = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves once the record is on disk. */
  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ key, value, done });
      if (!this.#writing) void this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    // Those of one turn of the event loop share a batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const batch = this.#database.batch();
      for (const { key, value } of group) batch.put(key, value);
      await batch.write(SYNCED);
      for (const { done } of group) done();
    }
    this.#writing = false;
  }
}
