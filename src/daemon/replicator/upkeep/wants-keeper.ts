import type { Want } from '../../../protocol/index.ts';
import {
  Alarm,
  BoundedMap,
  bytesToHex,
  bytesToKey,
  delay,
  keyToBytes,
} from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';
import { decodeWants, encodeWants, MAX_KEPT } from './wants-record.ts';

/** The file that keeps the list of wanted ids over a restart: replaced whole, or not at all. */
export interface WantsFile {
  /** Null when nothing was saved yet. */
  load(): Promise<Uint8Array | null>;
  save(record: Uint8Array): Promise<void>;
}

export interface WantsKeeperInit extends Pick<SharedParts, 'wanted' | 'clock' | 'logger'> {
  /** Null: nothing is kept. */
  file: WantsFile | null;
  expireAfterMs: number;
  /** Whether an item is here, or refused, so that it is not wanted again. */
  holds: (id: Uint8Array) => boolean;
  /** Ids are wanted again. */
  restored: () => void;
  /**
   * Ids kept over a restart; a session finds further ones. The default is the most that a file holds.
   * @default 65_536: 2.4 MB
   */
  maxKept?: number;
  /**
   * Expired ids remembered, so that `why` can say that they have expired.
   * @default 10_000
   */
  maxExpired?: number;
}

const SAVE_EVERY_MS = 10_000;
/** Wants that are listed in one turn of the event loop. */
const SLICE = 2_048;
/** A confirmed id is wanted for so many times `expireAfterMs`: those who have it may be away for long. */
const CONFIRMED_PATIENCE = 4;

/** When a want is given up, in milliseconds since the epoch. */
export function wantEnd({ since, confirmed }: Want, expireAfterMs: number): number {
  return since + expireAfterMs * (confirmed ? CONFIRMED_PATIENCE : 1);
}

/** Keeps the wanted ids over a restart, and gives each up in the end: peers may have invented it. */
export class WantsKeeper {
  readonly #init: WantsKeeperInit;
  readonly #expired: BoundedMap<string, number>;
  readonly #timer: Alarm;
  #work: Promise<void> = Promise.resolve();
  #saved = 0;
  #stopped = false;

  constructor(init: WantsKeeperInit) {
    this.#init = init;
    this.#expired = new BoundedMap(init.maxExpired ?? 10_000);
    this.#timer = new Alarm(init.clock);
  }

  /** When the id was given up, because it did not come for so long. */
  expiredAt(id: Uint8Array): number | undefined {
    return this.#expired.get(bytesToKey(id));
  }

  /** The ids given up, the oldest first. */
  *expired(): Iterable<Uint8Array> {
    for (const key of this.#expired.keys()) yield keyToBytes(key);
  }

  start(): void {
    this.#stopped = false;
    this.#work = this.#load();
  }

  /** New ids are wanted: the list is saved before long. */
  touch(): void {
    if (this.#stopped) return;
    this.#timer.ensure(SAVE_EVERY_MS, () => {
      this.#expire();
      this.#work = this.#work.then(() => this.#save());
      if (this.#init.wanted.size > 0) this.touch();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer.cancel();
    await this.#work;
    await this.#save();
  }

  async #load(): Promise<void> {
    const { file, wanted, holds, restored, logger } = this.#init;
    try {
      const record = (await file?.load()) ?? null;
      if (record === null || this.#stopped) return;
      const wants = decodeWants(record);
      if (wants === null) logger.warn({ code: 'WANTS_FILE_UNUSABLE' }, UNREADABLE);
      wanted.restore(
        (wants ?? []).filter(({ id }) => !holds(id)).map((want) => this.#inThePast(want)),
      );
      this.#saved = wants?.length ?? 0;
    } catch (err) {
      logger.warn({ code: 'WANTS_FILE_UNUSABLE', err }, UNREADABLE);
    }
    if (wanted.size === 0 || this.#stopped) return;
    restored();
    this.touch();
  }

  /** A clock that was ahead when the list was saved makes no want last longer. */
  #inThePast(want: Want): Want {
    return { ...want, since: Math.min(want.since, this.#init.clock.now()) };
  }

  /** An empty list is saved once. */
  async #save(): Promise<void> {
    const { file, logger } = this.#init;
    const wants = await this.#listed();
    if (file === null || (wants.length === 0 && this.#saved === 0)) return;
    try {
      await file.save(encodeWants(wants));
      this.#saved = wants.length;
    } catch (err) {
      logger.warn({ code: 'WANTS_FILE_UNUSABLE', err }, UNSAVED);
    }
  }

  /** In slices: reads and puts are not to wait for a long list. */
  async #listed(): Promise<Want[]> {
    const { wanted, clock, maxKept = MAX_KEPT } = this.#init;
    const wants: Want[] = [];
    for (const want of wanted.wants(maxKept)) {
      wants.push(want);
      if (wants.length % SLICE === 0) await delay(clock);
    }
    return wants;
  }

  #expire(): void {
    const { wanted, clock, expireAfterMs, logger } = this.#init;
    const now = clock.now();
    const ids = wanted.expire(now - expireAfterMs, now - CONFIRMED_PATIENCE * expireAfterMs);
    if (ids.length === 0) return;
    logger.info(
      { event: 'wants_expired', ids: ids.length, first: bytesToHex(ids[0]!) },
      'items that peers listed and that did not come for so long are not wanted any more',
    );
    for (const id of ids) this.#expired.set(bytesToKey(id), now);
  }
}

const UNSAVED = 'the list of wanted items cannot be saved: after a restart a session finds them';
const UNREADABLE =
  'the list of wanted items of the last run cannot be read: sessions find the missing items again';
