import { type FileHandle, open } from 'node:fs/promises';
import { DaemonError, reasonOf } from '../../errors.ts';
import { placeOf } from '../../own-files.ts';
import { unwritable } from '../errors.ts';

/** A line of a manifest, as JSON: an imported item and the name it had. */
export interface ManifestEntry {
  readonly path: string;
  /** Of NDJSON; from 1. */
  readonly line?: number;
  /** The bytes of a path that is not UTF-8. */
  readonly pathBase64?: string;
  /** The directory that was imported, absolute; not of NDJSON. */
  readonly root?: string | undefined;
  readonly hint: string;
  /** Payload bytes. */
  readonly size: number;
  readonly id: string;
}

const NEWLINE = 0x0a;

/** The file in which an import notes what became of each name. Lines are added behind those that are there. */
export class Manifest {
  /** Device and inode. */
  readonly place: string;
  readonly #path: string;
  readonly #file: FileHandle;
  /** Stands before the next line: the last one may be torn. */
  #before: string;

  private constructor(init: { path: string; file: FileHandle; place: string; isTorn: boolean }) {
    this.place = init.place;
    this.#path = init.path;
    this.#file = init.file;
    this.#before = init.isTorn ? '\n' : '';
  }

  /** Throws `USAGE` where it cannot be written. */
  static async open(path: string): Promise<Manifest> {
    let file: FileHandle | null = null;
    try {
      file = await open(path, 'a+');
      const stats = await file.stat({ bigint: true });
      const isTorn = stats.size > 0n && (await byteAt(file, Number(stats.size) - 1)) !== NEWLINE;
      return new Manifest({ path, file, place: placeOf(stats), isTorn });
    } catch (cause) {
      await file?.close();
      throw unwritable(`the manifest ${path}`, cause);
    }
  }

  /** Throws `MANIFEST_UNWRITTEN`. */
  async add(entry: ManifestEntry): Promise<void> {
    const before = this.#before;
    this.#before = '';
    await this.#file.appendFile(`${before}${JSON.stringify(entry)}\n`).catch((cause) => {
      const message = `cannot write the manifest ${this.#path}: ${reasonOf(cause)}`;
      throw new DaemonError('MANIFEST_UNWRITTEN', message, { cause });
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function byteAt(file: FileHandle, position: number): Promise<number> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  return buffer[0]!;
}
