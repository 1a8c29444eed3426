import { StoreError } from '../../errors.ts';
import { shortageOf } from '../../shortage.ts';
import {
  checkFiles,
  checkOne,
  type FileCheckOptions,
  type FileFault,
  tableName,
  tableNumber,
  toEnd,
} from './check.ts';
import { liveTables, ManifestDamage } from './manifest.ts';
import { mendFiles } from './mend.ts';
import { type DatabaseNote, decodeNote, encodeNote } from './note.ts';
import type { DatabaseFiles, FileEntry } from './port.ts';

/** Openings in a row that may end their process before the next one is refused. */
const MAX_ATTEMPTS = 3;

/** What `DatabaseCare` needs. */
export interface DatabaseCareInit {
  files: DatabaseFiles;
  /** Rejects with `STORE_LOCKED` when another process has the database open. */
  checkLock: () => Promise<void>;
  /** LevelDB's own repair of the closed database. */
  repair: () => Promise<void>;
  /** For messages. */
  path: string;
  /** The file of the note, for messages. */
  notePath: string;
}

/**
 * Looks after the files of a database. LevelDB compares no checksums when it reads tables, and some
 * damages end the process at an assertion of its own: so they are looked for before it is opened after
 * an unclean end, and while it is open by and by.
 */
export class DatabaseCare {
  readonly #init: DatabaseCareInit;
  #note: DatabaseNote = decodeNote(null);

  constructor(init: DatabaseCareInit) {
    this.#init = init;
  }

  /**
   * Before the closed database is opened: what is damaged about its files, so that it must be repaired,
   * as a sentence; null when nothing is. Tables that a clean stop left, and that have not changed since,
   * are not read again. Rejects with `STORE_LOCKED`, with `STORE_CORRUPT` when the processes before have all
   * ended within LevelDB, and with the signal's reason.
   */
  async inspect(signal?: AbortSignal): Promise<string | null> {
    const { files, checkLock, path, notePath } = this.#init;
    await checkLock();
    const before = decodeNote(await files.readNote());
    const attempts = before.phase === 'opening' ? before.attempts + 1 : 0;
    if (attempts > MAX_ATTEMPTS) {
      throw new StoreError(
        'STORE_CORRUPT',
        `the last ${attempts} processes ended while they opened the database in ${path}: move it away and ` +
          `let the peers refill it, or restore a copy; without the file ${notePath} it is tried again`,
      );
    }
    this.#note = { ...before, attempts };
    if (before.repairing) return 'its repair was cut off';
    const known = before.phase === 'closed' ? before.tables : {};
    const skip = ({ name, stamp }: FileEntry) => known[name] === stamp;
    return describe(await toEnd(this.#check({ skip }), signal));
  }

  /**
   * LevelDB gets the database next. Only a process that ends from here on counts as an attempt: what comes
   * before takes minutes, and may be cut off as often as it likes.
   */
  opening(): Promise<void> {
    return this.#write({ ...this.#note, phase: 'opening', tables: {} });
  }

  /**
   * What is damaged about the files of the closed database, as a sentence; null when nothing is. Rejects
   * with `STORE_LOCKED` when it is open.
   */
  async closedDamage(): Promise<string | null> {
    await this.#init.checkLock();
    return describe(await toEnd(this.#check({})));
  }

  /** Takes what is damaged out of the closed database. Rejects with `STORE_CORRUPT` when that fails. */
  async repair(): Promise<void> {
    await this.#init.checkLock();
    await this.#write({ ...this.#note, repairing: true });
    await mendFiles(this.#init.files);
    await this.opening();
    await this.#init.repair();
  }

  /** LevelDB did not open the database, and said why: that is no attempt. */
  gaveUp(): Promise<void> {
    return this.#write({ ...this.#note, phase: 'open', attempts: 0 });
  }

  /** The database is open. */
  opened(): Promise<void> {
    return this.#write({ ...this.#note, phase: 'open', attempts: 0 });
  }

  /** What a repair lost is noted in the database. */
  async served(): Promise<void> {
    if (this.#note.repairing) await this.#write({ ...this.#note, repairing: false });
  }

  /** The database was closed, and everything is on disk. */
  async closed(): Promise<void> {
    if (this.#note.phase !== 'open') return;
    const entries = await this.#init.files.list();
    const tables = entries.filter(({ name }) => tableNumber(name) !== null);
    const stamps = Object.fromEntries(tables.map(({ name, stamp }) => [name, stamp]));
    await this.#write({ ...this.#note, phase: 'closed', tables: stamps });
  }

  /** What is damaged about the tables of the database, which may be open; null when nothing is. */
  async damage(): Promise<string | null> {
    for (const round = this.patrol(); ; ) {
      const step = await round.next();
      if (step.done === true) return null;
      if (typeof step.value === 'string') return step.value;
    }
  }

  /**
   * Goes once round the tables of the open database. Yields the bytes read now and then, or what is
   * damaged, as a sentence.
   */
  async *patrol(): AsyncGenerator<number | string, void> {
    const { files } = this.#init;
    yield* await this.#missing();
    for (const { name } of await files.list()) {
      const number = tableNumber(name);
      if (number === null) continue;
      const fault = yield* checkOne(files, name);
      // It may be left over, or it was half written when it was read: the database does not know it then.
      if (fault === null || !(await this.#live()).has(number)) continue;
      const again = yield* checkOne(files, name);
      if (again !== null) yield `${name} ${again.message}`;
    }
  }

  /** Tables of the open database that are not there, in sentences. */
  async #missing(): Promise<string[]> {
    const live = await this.#live();
    const there = new Set((await this.#init.files.list()).map(({ name }) => tableNumber(name)));
    const missing = [...live].filter((number) => !there.has(number));
    if (missing.length === 0) return [];
    // LevelDB may have dropped them meanwhile.
    const still = await this.#live();
    return missing.flatMap((number) =>
      still.has(number) ? [`${tableName(number)} is not there`] : [],
    );
  }

  /** The numbers of the tables of the open database. */
  async #live(): Promise<ReadonlySet<number>> {
    try {
      return new Set((await liveTables(this.#init.files)).keys());
    } catch (error) {
      // LevelDB writes it at the moment, or it is damaged: it is read when the database is opened again.
      if (error instanceof ManifestDamage) return new Set();
      throw error;
    }
  }

  #check(options: FileCheckOptions): AsyncGenerator<number, FileFault[]> {
    return checkFiles(this.#init.files, options);
  }

  async #write(note: DatabaseNote): Promise<void> {
    const { files, path } = this.#init;
    this.#note = note;
    await files.writeNote(encodeNote(note)).catch((cause: Error) => {
      throw new StoreError(
        'STORE_OPEN_FAILED',
        `the note on the database in ${path} cannot be written (${cause.message}): ` +
          (shortageOf(cause.message) ?? 'check that this user may write to the directory'),
        { cause },
      );
    });
  }
}

/** Damaged files in a sentence; null when there are none. */
export function describe(faults: readonly FileFault[]): string | null {
  const [first] = faults;
  if (first === undefined) return null;
  const more = faults.length === 1 ? '' : `, and ${faults.length - 1} further files are damaged`;
  return `${first.file} ${first.message}${more}`;
}
