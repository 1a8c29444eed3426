import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Alarm, type Clock, type Disk, type Random } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import { databasePath } from './data-dir.ts';

export interface DiskReserveInit {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Length of the file: what opening the database may take. */
  readonly bytes: number;
}

/** What the database takes besides its log when it is opened, and the small files of a start. */
const SPARE_BYTES = 1024 * 1024;
const PART_BYTES = 1024 * 1024;

/** Most starts are over by then, and so are most runs of a test. */
const FIRST_MS = 30_000;
const AGAIN_MS = 600_000;

/**
 * Room that is kept by a file and given up when the disk is full at a start: LevelDB opens no database
 * without writing, so a node with a full disk could not even serve reads.
 */
export class DiskReserve {
  readonly #init: DiskReserveInit;
  readonly #path: string;
  readonly #alarm: Alarm;
  #keeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(init: DiskReserveInit) {
    this.#init = init;
    this.#path = join(init.directory, 'reserve');
    this.#alarm = new Alarm(init.clock);
  }

  /** Before the database is opened: gives the reserve up if the free room does not suffice. */
  async makeRoom(): Promise<void> {
    const { disk, logger } = this.#init;
    const free = await disk.freeBytes().catch(() => Number.POSITIVE_INFINITY);
    if (free >= (await this.#logged()) + SPARE_BYTES) return;
    const held = await this.#held();
    await rm(this.#path, { force: true });
    const kept =
      held === 0
        ? 'and no room was kept for this start, which may fail'
        : `so ${held} bytes that were kept are given up to open the database`;
    logger.warn({ code: 'DISK_FULL' }, `the disk has ${free} bytes left, ${kept}: make room`);
  }

  /** Keeps room from now on, as soon as there is some. */
  start(delayMs: number = FIRST_MS): void {
    this.#alarm.set(delayMs, () => {
      this.#keeping = this.keep()
        .catch((err) => this.#init.logger.debug({ err }, 'no room can be kept on the disk'))
        .finally(() => {
          if (!this.#stopped) this.start(AGAIN_MS);
        });
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.cancel();
    await this.#keeping;
  }

  /** Makes the file, or makes it longer, as far as there is room. */
  async keep(): Promise<void> {
    const held = await this.#held();
    const free = await this.#init.disk.freeBytes();
    const bytes = Math.min(this.#init.bytes, held + free - SPARE_BYTES);
    // Bytes by chance: some file systems keep no room for others.
    const part = this.#init.random.bytes(PART_BYTES);
    const file = await open(this.#path, 'a', 0o600);
    try {
      for (let at = held; at + PART_BYTES <= bytes && !this.#stopped; at += PART_BYTES) {
        await file.writeFile(part);
      }
    } finally {
      await file.close();
    }
  }

  async #held(): Promise<number> {
    const stats = await stat(this.#path).catch(() => null);
    return stats?.size ?? 0;
  }

  /** Bytes in the logs of the database, which become tables when it is opened. */
  async #logged(): Promise<number> {
    const directory = databasePath(this.#init.directory);
    const names = await readdir(directory).catch((): string[] => []);
    const logs = names.filter((name) => name.endsWith('.log'));
    const sizes = await Promise.all(
      logs.map(async (name) => (await stat(join(directory, name)).catch(() => null))?.size ?? 0),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}
