import type { Database } from '../../level/index.ts';
import {
  type Damage,
  type DurableSet,
  type DurableSetInit,
  type OpenedSet,
  openSet,
} from '../durable-set/index.ts';
import type { Incidents } from '../incidents.ts';
import { EMPTY_STATE, readSchema, type SetState } from '../records/index.ts';
import * as storeErrors from '../store-errors.ts';
import type { ReplicaStatus } from '../types.ts';
import { migrateFirstSchema, migrateState } from './migrate.ts';
import { type RebuildInit, type Rebuilt, rebuildIndex } from './rebuild.ts';

export interface SetLoaderInit extends Omit<DurableSetInit, 'database'> {
  incidents: Incidents;
}

/** The record is in the first batch ever written: other records may be gone too. */
const SCHEMA_LOST: Damage = {
  code: 'INDEX_DAMAGED',
  message: 'the schema record of the database is gone',
  commitsGone: true,
};

export const REPAIRED: Damage = {
  code: 'INDEX_DAMAGED',
  message: 'some of the database could not be read, and is left out now',
  commitsGone: true,
};

/** Loads the set that lies in a database, and builds its index again where that is damaged. */
export class SetLoader {
  readonly #init: SetLoaderInit;
  #progress: ReplicaStatus['rebuilding'] = null;
  #stopped = false;

  constructor(init: SetLoaderInit) {
    this.#init = init;
  }

  /** Progress of building the index; null once the set is served. */
  get progress(): ReplicaStatus['rebuilding'] {
    return this.#progress;
  }

  /** The set, or its damage: the damage found, else `known`. */
  async load(database: Database, known: Damage | null): Promise<OpenedSet> {
    const { version, lost } = await readSchema(database);
    const migrated = await migrateFirstSchema(database, this.#init.keys, version);
    if (migrated) {
      const lossy = { lossy: lost, orderStays: false };
      await this.#build(database, { ...EMPTY_STATE, rebuilding: true }, lossy);
    } else await migrateState({ ...this.#init, database, ...this.#steps(0) }, version);
    const opened = await openSet({ ...this.#init, database });
    const outer = known ?? (lost && !migrated ? SCHEMA_LOST : null);
    if (outer === null) return opened;
    opened.set?.close();
    const damage = opened.damage === null ? outer : { ...opened.damage, commitsGone: true };
    return { set: null, damage, state: opened.state };
  }

  /** Builds the index again from the items; the set with it. */
  async rebuild(database: Database, state: SetState | null, damage: Damage): Promise<DurableSet> {
    const orderStays = damage.code !== 'COMMITS_LOST' && damage.commitsGone !== true;
    const options = { lossy: true, orderStays };
    const { state: built, unreadable } = await this.#build(database, state, options);
    const opened = await openSet({ ...this.#init, database });
    if (opened.damage !== null) throw new Error(opened.damage.message);
    const before = state === null ? '' : `; the last commit counted ${state.items}`;
    const lost = unreadable === 0 ? '' : `; ${unreadable} cannot be read and were put aside`;
    const same = built.epoch === state?.epoch;
    const order = same ? '' : '; a new epoch of the order of arrival has begun';
    const message = `the index holds ${built.items} items again${before}${lost}${order}`;
    this.#init.incidents.add('INDEX_REBUILT', message);
    return opened.set;
  }

  served(): void {
    this.#progress = null;
  }

  stop(): void {
    this.#stopped = true;
  }

  #build(
    database: Database,
    state: SetState | null,
    options: Pick<RebuildInit, 'lossy' | 'orderStays'>,
  ): Promise<Rebuilt> {
    const steps = this.#steps(state?.items ?? 0);
    return rebuildIndex({ ...this.#init, database, state, ...options, ...steps });
  }

  #steps(of: number): Pick<RebuildInit, 'progress'> {
    this.#progress = { items: 0, of };
    return {
      progress: (items) => {
        if (this.#stopped) throw storeErrors.closed();
        this.#progress = { items, of: Math.max(items, of) };
      },
    };
  }
}
