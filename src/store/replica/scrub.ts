import { equalBytes } from '../bytes.ts';
import type { Cancel, Clock } from '../environment.ts';
import { compareKeys, INFINITE_BOUND, type Item, type ItemKey, ZERO_BOUND } from '../item.ts';
import { plain, rethrow } from './database.ts';
import type { DurableSet } from './durable-set.ts';
import type { Incidents } from './incidents.ts';
import type { Keeper } from './keeper.ts';
import { decodeItemKey, encodeHead } from './layout.ts';
import { NodePatrol, type NodePatrolInit } from './node-patrol.ts';
import { isDamage } from './open-set.ts';
import { isWhole } from './quarantine.ts';
import type { ScrubOptions } from './scrub-options.ts';
import type { ScrubStatus } from './types.ts';
import { behind, walk } from './walk.ts';

export interface ScrubberInit extends NodePatrolInit {
  keeper: Keeper;
  clock: Clock;
  incidents: Incidents;
  options: ScrubOptions;
  /** Has the writer look at an item; resolves to true when it was broken and is put aside now. */
  inspect: (key: ItemKey) => Promise<boolean>;
}

/** Items read in one step at the most. */
const STEP_ITEMS = 100;

/** Nodes looked at in each of these steps: more than there are for so many items. */
const STEP_NODES = 4;

const HOUR_MS = 3_600_000;

/** Payload bytes that count as one item: a large item takes the time of as many as it could be. */
const ITEM_BYTES = 16 * 1024;

/** Milliseconds between two looks at an empty set. */
const IDLE_MS = 60_000;

/** Milliseconds between two looks at a set that cannot be read, or is being built again. */
const ABSENT_MS = 1_000;

/** Items from somewhere in the key order, and where to go on. */
interface Page {
  readonly suspects: readonly ItemKey[];
  readonly read: number;
  /** Items as far as the rate goes; see `ITEM_BYTES`. */
  readonly cost: number;
  /** The key of the last record read; null when the end of the set was reached. */
  readonly end: Uint8Array | null;
}

/**
 * Reads the whole set again and again, at a gentle rate, and compares every item with its id and with
 * the index. What looks broken is looked at once more by the writer, then put aside.
 */
export class Scrubber {
  readonly #init: ScrubberInit;
  readonly #patrol: NodePatrol;
  /** Clock times of what was put aside within the last hour. */
  #damaged: number[] = [];
  #from: Uint8Array | null = null;
  #cancel: Cancel | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #checked = 0;
  #passes = 0;

  constructor(init: ScrubberInit) {
    this.#init = init;
    this.#patrol = new NodePatrol(init);
  }

  /** Begins as if a whole step had gone before: opening is done by then, and the pace is kept. */
  start(): void {
    if (this.#init.options.itemsPerSecond > 0) this.#schedule(STEP_ITEMS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  get status(): ScrubStatus {
    const running = this.#init.options.itemsPerSecond > 0 && !this.#stopped;
    return { running, checked: this.#checked, passes: this.#passes };
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#init.clock.after(delayMs, () => {
      this.#running = this.#step().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** Milliseconds until the next step. */
  async #step(): Promise<number> {
    const { keeper } = this.#init;
    const { set } = keeper;
    if (set === null) return ABSENT_MS;
    try {
      const page = await this.#read(set);
      for (const key of page.suspects) await this.#putAside(key);
      await this.#patrol.step(keeper.database, STEP_NODES);
      this.#checked += page.read;
      if (page.end === null && this.#from !== null) this.#passes++;
      this.#from = page.end;
      if (page.cost === 0 && page.end === null) return IDLE_MS;
      return (1_000 * Math.max(1, page.cost)) / this.#init.options.itemsPerSecond;
    } catch (error) {
      if (isDamage(error)) keeper.damaged(error);
      return ABSENT_MS;
    }
  }

  async #read(set: DurableSet): Promise<Page> {
    const { keys, keeper, options } = this.#init;
    const gte = this.#from === null ? keys.items.gte : behind(this.#from);
    const records = Math.min(STEP_ITEMS, Math.ceil(options.itemsPerSecond));
    const pages = walk(keeper.database, { gte, lt: keys.items.lt }, { records });
    const found = (await pages.next()).value ?? [];
    await pages.return();
    const items = found.flatMap(([key, payload]) => {
      const item = decodeItemKey(keys, key);
      return item === null ? [] : [{ ...item, payload }];
    });
    const suspects: ItemKey[] = await this.#broken(items);
    const end = found.at(-1)?.[0] ?? null;
    for (const key of this.#disagreeing(set, items, end)) suspects.push(key);
    const cost = found.reduce((sum, [, payload]) => sum + costOf(payload), 0);
    return { suspects, read: found.length, cost, end };
  }

  /** Those that are not what their ids, or the id records, say. */
  async #broken(items: readonly Item[]): Promise<Item[]> {
    const { keys, keeper } = this.#init;
    const heads = await keeper.database.getMany(items.map(({ id }) => keys.id(id))).catch(rethrow);
    return items.filter((item, i) => {
      const head = encodeHead({ hint: item.hint, bytes: item.payload.length });
      const value = heads[i];
      return value === undefined || !equalBytes(plain(value), head) || !isWhole(item, item.payload);
    });
  }

  /** The keys up to `end` that the index has and the items have not, or the other way round. */
  #disagreeing(set: DurableSet, present: readonly ItemKey[], end: Uint8Array | null): ItemKey[] {
    const { keys, keeper } = this.#init;
    if (keeper.set !== set) return [];
    const first = this.#from === null ? null : decodeItemKey(keys, this.#from);
    const last = end === null ? null : decodeItemKey(keys, end);
    const snapshot = set.snapshot();
    try {
      const begin = snapshot.lowerBound(first ?? ZERO_BOUND);
      const limit = snapshot.lowerBound(last ?? INFINITE_BOUND);
      const indexed = [
        ...snapshot.keys(begin, Math.min(limit + 1, begin + 2 * STEP_ITEMS, snapshot.size)),
      ];
      const within = indexed.filter(
        (key) =>
          (first === null || compareKeys(key, first) > 0) &&
          (last === null || compareKeys(key, last) <= 0),
      );
      return differences(within, present);
    } finally {
      snapshot.release();
    }
  }

  /** Has the writer look at an item again; it is put aside unless it is whole then. */
  async #putAside(key: ItemKey): Promise<void> {
    const { clock, incidents, options, inspect } = this.#init;
    if (!(await inspect(key))) return;
    const now = clock.monotonic();
    this.#damaged = [...this.#damaged.filter((at) => now - at < HOUR_MS), now];
    if (this.#damaged.length < options.maxDamagedPerHour || this.#stopped) return;
    this.#stopped = true;
    incidents.add(
      'SCRUB_STOPPED',
      `${this.#damaged.length} items were damaged within an hour: scrubbing has stopped; check the ` +
        'disk and the memory of this machine, then restart the node',
    );
  }
}

function costOf(payload: Uint8Array): number {
  return Math.max(1, payload.length / ITEM_BYTES);
}

/** What only one of two ascending lists has. */
function differences(left: readonly ItemKey[], right: readonly ItemKey[]): ItemKey[] {
  const only: ItemKey[] = [];
  let at = 0;
  for (const key of left) {
    while (at < right.length && compareKeys(right[at]!, key) < 0) only.push(right[at++]!);
    if (at < right.length && compareKeys(right[at]!, key) === 0) at++;
    else only.push(key);
  }
  return [...only, ...right.slice(at)];
}
