import type { Database, DatabaseCare } from '../../src/store/index.ts';
import { settle } from './clock.ts';

/** Methods by name: databases over abstract-level, and their iterators, have more than their types show. */
type Depths = Record<string, unknown>;

const OF_DATABASES = ['_get', '_getMany', '_hasMany', '_has', '_put', '_del', '_batch', '_clear'];
const OF_ITERATORS = ['_next', '_nextv', '_all', '_close'];
const OF_CARE = [
  ...['inspect', 'opening', 'opened', 'gaveUp', 'served', 'closed'],
  ...['damage', 'closedDamage', 'repair'],
];

/** Knows what databases are doing, so that a test under virtual time waits for that, and no longer. */
export class DiskWork {
  readonly #running = new Set<Promise<unknown>>();

  /** Opens a database whose work counts, and whose opening does. */
  open(opening: Promise<Database>): Promise<Database> {
    return this.#follow(opening.then((database) => this.watch(database)));
  }

  /** Counts the work of a database that is open. */
  watch(database: Database): Database {
    this.#wrap(database, [...OF_DATABASES, '_close', '_open']);
    this.#wrapMade(database, '_iterator', OF_ITERATORS);
    this.#wrapMade(database, '_keys', OF_ITERATORS);
    this.#wrapMade(database, '_chainedBatch', ['_write', '_close']);
    return database;
  }

  /** Counts the work on the files of a database: repairs and checks take place beside the database. */
  care(care: DatabaseCare): DatabaseCare {
    this.#wrap(care, OF_CARE);
    this.#wrapMade(care, 'patrol', ['next', 'return']);
    return care;
  }

  /** Resolves once no work is running, and none follows from what has ended. */
  async idle(): Promise<void> {
    await settle();
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
      await settle();
    }
  }

  #wrap(of: object, names: readonly string[]): void {
    const depths = of as Depths;
    for (const name of names) {
      const method = depths[name];
      if (typeof method !== 'function') continue;
      depths[name] = (...args: unknown[]) => this.#follow(method.apply(of, args));
    }
  }

  #wrapMade(of: object, name: string, methods: readonly string[]): void {
    const depths = of as Depths;
    const make = depths[name] as (...args: unknown[]) => object;
    depths[name] = (...args: unknown[]) => {
      const made = make.apply(of, args);
      this.#wrap(made, methods);
      return made;
    };
  }

  #follow<Result>(result: Result): Result {
    if (!(result instanceof Promise)) return result;
    const ended = result.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
    return result;
  }
}
