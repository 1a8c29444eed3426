import type { Database } from '../../src/store/index.ts';
import { memoryDatabase } from './memory-database.ts';

/** What becomes of a batch: written; not written and refused; written and refused all the same. */
export type Fault = 'none' | 'lost' | 'landed';

interface Operation {
  readonly type: 'put' | 'del';
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
}

/**
 * The moment at which the power goes: before the next batch, before its sync, or before its process hears
 * that it is on disk.
 */
export interface Crash {
  readonly when: 'before' | 'during' | 'after';
  /** Calls `cutPower`. */
  cut(): void;
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
  crash: Crash | null = null;
  /** Why no batch is written, for as long as it is set. */
  stuck: Error | null = null;
  /** Resolves once a batch has had its time. */
  takes: () => Promise<void> | undefined = () => undefined;
  readonly #make: () => Database;

  /** @param make An empty database in memory. */
  constructor(make: () => Database = memoryDatabase) {
    this.#make = make;
  }

  /** What a process that is started now opens the database with: nothing comes of it once it is dead. */
  process(): () => Promise<Database> {
    const life = this.#life;
    return () => (life === this.#life ? this.#open() : new Promise(() => undefined));
  }

  /** Whatever is in LevelDB's log becomes a synced table. */
  async #open(): Promise<Database> {
    if (this.stuck !== null) throw this.stuck;
    if (this.refusals > 0) {
      this.refusals--;
      throw new Error('no space left on device');
    }
    this.#broken = false;
    this.#sync();
    const database = this.#make();
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
    this.crash = null;
  }

  /** Takes a record away. */
  ruin(key: Uint8Array): void {
    this.#safe.delete(keyOf(key));
  }

  /** The records that are there whatever happens. */
  get records(): Iterable<readonly [Uint8Array, Uint8Array]> {
    return Array.from(this.#safe.values(), ({ key, value }) => [key, value!] as const);
  }

  /** Puts another value in the place of a record. */
  spoil(key: Uint8Array, value: Uint8Array): void {
    this.#safe.set(keyOf(key), { type: 'put', key, value });
  }

  #watch(depths: Depths): void {
    const life = this.#life;
    const batch = depths._batch.bind(depths);
    depths._batch = async (operations, options) => {
      // A process that is no more hears of nothing.
      if (life !== this.#life) return new Promise(() => undefined);
      const { fault, stuck } = this;
      this.fault = 'none';
      if (this.#cuts('before', life)) return new Promise(() => undefined);
      if (stuck !== null) {
        this.#broken = true;
        throw stuck;
      }
      if (this.#broken) throw new Error('no space left on device');
      this.#broken = fault !== 'none';
      if (fault === 'lost') throw new Error('no space left on device');
      this.#loose.push([...operations]);
      if (fault === 'landed') throw new Error('the log could not be synced');
      if (this.#cuts('during', life)) return new Promise(() => undefined);
      await this.takes();
      await batch(operations, options);
      // The power may have gone between the write and its sync.
      if (life !== this.#life) return new Promise(() => undefined);
      if (options.sync === true) this.#sync();
      if (this.#cuts('after', life)) return new Promise(() => undefined);
    };
    this.#watchSingles(depths);
  }

  /** Whether the power goes now. */
  #cuts(when: Crash['when'], life: number): boolean {
    if (this.crash?.when === when) this.crash.cut();
    return life !== this.#life;
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
