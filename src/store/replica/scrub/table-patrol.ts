import type { DatabaseCare } from '../../level/index.ts';

/** Goes round the tables of the database, some bytes at a time, and compares them with their checksums. */
export class TablePatrol {
  readonly #care: DatabaseCare | undefined;
  #round: ReturnType<DatabaseCare['patrol']> | null = null;

  constructor(care: DatabaseCare | undefined) {
    this.#care = care;
  }

  /** Reads about so many bytes more; what is damaged, as a sentence, or null. */
  async step(bytes: number): Promise<string | null> {
    if (this.#care === undefined) return null;
    for (let left = bytes; left > 0; ) {
      this.#round ??= this.#care.patrol();
      const { done, value } = await this.#round.next();
      if (done === true) {
        this.#round = null;
        return null;
      }
      if (typeof value === 'string') return value;
      left -= value;
    }
    return null;
  }
}
