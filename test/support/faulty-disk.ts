import type { Database } from '../../src/store/index.ts';
import { memoryDatabase } from './memory-database.ts';

/** What becomes of a batch: written; not written and refused; written and refused all the same. */
export type Fault = 'none' | 'lost' | 'landed';

interface Operation {
  readonly type: 'put' | 'del';
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/** What databases over abstract-level have beneath their public methods. */
interface Depths {
  _batch(operations: readonly Operation[], options: { readonly sync?: boolean }): Promise<void>;
  _put(key: Uint8Array, value: Uint8Array, options: object): Promise<void>;
  _del(key: Uint8Array, options: object): Promise<void>;
  _clear(options: object): Promise<void>;
}

/**
 * A disk that behaves as LevelDB's does at its worst: what was not synced may be gone when the power
 * is, in the order it was written; after a write that failed all others fail, until the database is
 * closed and opened again; and that may fail too.
 */
export class FaultyDisk {
  /** By `keyOf`: what is there whatever happens. */
  readonly #safe = new Map<string, Operation>();
  /** Batches written since, and not synced: a batch is one record of the log, there as a whole or not. */
  #loose: (readonly Operation[])[] = [];
  /** Power cuts so far: processes from before the last one are dead. */
  #life = 0;
  #broken = false;
  /** What becomes of the next batch. */
  fault: Fault = 'none';
  /** Openings that are to fail. */
  refusals = 0;

  /** What a process that is started now opens the database with: nothing comes of it once it is dead. */
  process(): () => Promise<Database> {
    const life = this.#life;
    return () => (life === this.#life ? this.#open() : new Promise(() => undefined));
  }

  /** Whatever is in LevelDB's log becomes a synced table. */
  async #open(): Promise<Database> {
    if (this.refusals > 0) {
      this.refusals--;
      throw new Error('no space left on device');
    }
    this.#broken = false;
    this.#sync();
    const database = memoryDatabase();
    await database.open();
    const depths = database as unknown as Depths;
    await depths._batch([...this.#safe.values()], {});
    this.#watch(depths);
    return database;
  }

  /** Cuts the power: of the batches that are not synced, the first part stays. */
  cutPower(keep: number): void {
    this.#life++;
    this.#loose = this.#loose.slice(0, Math.floor(keep * this.#loose.length));
    this.#sync();
    this.fault = 'none';
    this.refusals = 0;
  }

  /** Takes a record away. */
  ruin(key: Uint8Array): void {
    this.#safe.delete(keyOf(key));
  }

  #watch(depths: Depths): void {
    const life = this.#life;
    const batch = depths._batch.bind(depths);
    depths._batch = async (operations, options) => {
      // A process that is no more hears of nothing.
      if (life !== this.#life) return new Promise(() => undefined);
      const { fault } = this;
      this.fault = 'none';
      if (this.#broken) throw new Error('no space left on device');
      this.#broken = fault !== 'none';
      if (fault === 'lost') throw new Error('no space left on device');
      this.#loose.push([...operations]);
      if (fault === 'landed') throw new Error('the log could not be synced');
      await batch(operations, options);
      // The power may have gone between the write and its sync.
      if (life !== this.#life) return new Promise(() => undefined);
      if (options.sync === true) this.#sync();
    };
    this.#watchSingles(depths);
  }

  /** Puts, deletions and clearings are batches too. */
  #watchSingles(depths: Depths): void {
    depths._put = (key, value, options) => depths._batch([{ type: 'put', key, value }], options);
    depths._del = (key, options) => depths._batch([{ type: 'del', key }], options);
    const clear = depths._clear.bind(depths);
    depths._clear = async (options) => {
      const { gte, lt } = options as { gte: Uint8Array; lt: Uint8Array };
      const within = [...this.#safe.values(), ...this.#loose.flat()].filter(
        ({ key }) => Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0,
      );
      await depths._batch(
        within.map(({ key }) => ({ type: 'del', key })),
        {},
      );
      await clear(options);
    };
  }

  #sync(): void {
    for (const operation of this.#loose.flat()) {
      if (operation.type === 'put') this.#safe.set(keyOf(operation.key), operation);
      else this.#safe.delete(keyOf(operation.key));
    }
    this.#loose = [];
  }
}

function keyOf(key: Uint8Array): string {
  return Buffer.from(key).toString('latin1');
}
