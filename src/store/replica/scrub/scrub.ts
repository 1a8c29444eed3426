import { Alarm } from '../../alarm.ts';
import type { Clock, Random } from '../../environment.ts';
import { StoreError } from '../../errors.ts';
import type { ItemKey } from '../../item.ts';
import type { DatabaseCare } from '../../level/index.ts';
import { readOnce } from '../../ranks.ts';
import type { Committer } from '../commit/index.ts';
import { type DurableSet, isDamage } from '../durable-set/index.ts';
import type { Incidents } from '../incidents.ts';
import type { ScrubOptions } from '../options.ts';
import type { Inspection } from '../quarantine/index.ts';
import type { SetLifecycle } from '../recovery/index.ts';
import { messageOf } from '../store-errors.ts';
import type { ScrubStatus } from '../types.ts';
import { ArrivalPatrol } from './arrival-patrol.ts';
import { NodePatrol, type NodePatrolInit } from './node-patrol.ts';
import { ITEM_BYTES, keysBehind, type Page, type PageKeys, readPage } from './scrub-page.ts';
import { TablePatrol } from './table-patrol.ts';

export interface ScrubberInit extends NodePatrolInit {
  committer: Committer;
  lifecycle: SetLifecycle;
  clock: Clock;
  incidents: Incidents;
  options: ScrubOptions;
  /** See `ItemReader.inspect`. */
  inspect: (key: ItemKey) => Promise<Inspection['found'] | null>;
  /** See `ReplicaDatabase`. */
  care?: DatabaseCare | undefined;
  /** Chooses where to begin. @default at the beginning */
  random: Random | undefined;
}

const STEP_ITEMS = 100;

/** More nodes than a set has for so many items. */
const STEP_NODES = 4;

const HOUR_MS = 3_600_000;

/** Least milliseconds between two passes, for small sets. */
const IDLE_MS = 60_000;

const ABSENT_MS = 1_000;

/**
 * Reads the whole set again and again, at a bounded rate, and compares every item with its id and with
 * the index. The writer inspects suspects once more, and puts damaged items aside.
 */
export class Scrubber {
  readonly #init: ScrubberInit;
  readonly #patrol: NodePatrol;
  readonly #tables: TablePatrol;
  readonly #arrivals: ArrivalPatrol;
  #damaged: number[] = [];
  #behind: ItemKey | null = null;
  #begun = false;
  #whole = true;
  #failedIn = -1;
  readonly #alarm: Alarm;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  /** A step runs; it schedules the next one itself. */
  #stepping = false;
  #checked = 0;
  #passes = 0;

  constructor(init: ScrubberInit) {
    this.#init = init;
    this.#patrol = new NodePatrol(init);
    this.#tables = new TablePatrol(init.care);
    this.#arrivals = new ArrivalPatrol(init);
    this.#alarm = new Alarm(init.clock);
  }

  /** Begins after the pause of a whole step, when opening is done. */
  start(): void {
    if (this.#init.options.itemsPerSecond > 0) this.#schedule(STEP_ITEMS);
  }

  /** Takes another rate from now on. */
  change(options: ScrubOptions): void {
    Object.assign(this.#init.options, options);
    if (options.itemsPerSecond === 0) this.#alarm.cancel();
    else if (!this.#stepping && !this.#alarm.pending) this.#schedule(STEP_ITEMS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.cancel();
    await this.#running;
  }

  get status(): ScrubStatus {
    const running = this.#init.options.itemsPerSecond > 0 && !this.#stopped;
    return { running, checked: this.#checked, passes: this.#passes };
  }

  #schedule(delayMs: number): void {
    if (this.#stopped || this.#init.options.itemsPerSecond === 0) return;
    this.#alarm.set(delayMs, () => {
      this.#stepping = true;
      this.#running = this.#step().then((nextMs) => {
        this.#stepping = false;
        this.#schedule(nextMs);
      });
    });
  }

  async #step(): Promise<number> {
    const { committer, lifecycle, options } = this.#init;
    const { set } = lifecycle;
    if (set === null) return ABSENT_MS;
    try {
      const count = Math.min(STEP_ITEMS, Math.ceil(options.itemsPerSecond));
      const next = keysBehind(set, this.#start(set), count);
      const { cost, end } = await this.#scrub(next);
      await this.#lookAtArrivals(set, count);
      // After a start in the midst of the set, the part before it follows at once.
      const idle = end === null && this.#whole;
      this.#goOn(end, cost > 0 || next.behind !== null);
      await this.#patrol.step(lifecycle.database, STEP_NODES);
      // As many bytes as so many items have at most.
      await this.#lookAtTables(Math.max(1, cost) * ITEM_BYTES);
      const costMs = (1_000 * Math.max(1, cost)) / options.itemsPerSecond;
      return idle ? Math.max(costMs, IDLE_MS) : costMs;
    } catch (error) {
      if (isDamage(error)) committer.damaged(error);
      else if (lifecycle.refusal === null && !this.#stopped) this.#failed(error);
      return ABSENT_MS;
    }
  }

  async #lookAtTables(bytes: number): Promise<void> {
    const damage = await this.#tables.step(bytes);
    if (damage === null || this.#stopped) return;
    await this.#init.committer.suspect(new StoreError('STORE_CORRUPT', damage));
  }

  async #lookAtArrivals(set: DurableSet, places: number): Promise<void> {
    const { lifecycle } = this.#init;
    try {
      await this.#arrivals.step(lifecycle.database, set, places);
    } catch (error) {
      if (lifecycle.refusal !== null || isDamage(error) || this.#stopped) throw error;
      this.#failed(error);
    }
  }

  /** Where to go on; at first anywhere, so that nodes that often restart scrub all parts too. */
  #start(set: DurableSet): ItemKey | null {
    if (this.#begun) return this.#behind;
    this.#begun = true;
    this.#behind = readOnce(set.snapshot(), (snapshot) => {
      const rank = Math.floor((this.#init.random?.fraction() ?? 0) * snapshot.size);
      this.#whole = rank === 0;
      return rank === 0 ? null : snapshot.select(rank - 1);
    });
    return this.#behind;
  }

  #goOn(end: ItemKey | null, any: boolean): void {
    this.#behind = end;
    if (end !== null) return;
    if (this.#whole && any) this.#passes++;
    this.#whole = true;
  }

  /** Scrubs some keys; passes over failed reads, and reports them once a pass. */
  async #scrub(next: PageKeys): Promise<Pick<Page, 'cost' | 'end'>> {
    const { lifecycle, keys } = this.#init;
    try {
      const page = await readPage(lifecycle.database, keys, next);
      for (const key of page.suspects) {
        if (this.#stopped) break;
        await this.#look(key);
      }
      this.#checked += page.read;
      return page;
    } catch (error) {
      if (lifecycle.refusal !== null || isDamage(error) || this.#stopped) throw error;
      this.#failed(error);
      return { cost: next.keys.length, end: next.last ? null : next.keys.at(-1)! };
    }
  }

  #failed(error: unknown): void {
    if (this.#failedIn === this.#passes) return;
    this.#failedIn = this.#passes;
    const reason = messageOf(Object(error).cause ?? error);
    this.#init.incidents.add(
      'READ_FAILED',
      `some of the set cannot be scrubbed (${reason}): check the disk; scrubbing goes on behind it`,
      error,
    );
  }

  async #look(key: ItemKey): Promise<void> {
    const { clock, incidents, options, inspect } = this.#init;
    if ((await inspect(key)) !== 'item') return;
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
