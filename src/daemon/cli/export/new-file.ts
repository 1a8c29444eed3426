import { type FileHandle, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { taken, unwritable, usage } from '../errors.ts';

/** A file that is written beside its place and moved there once it is whole: a broken run leaves none. */
export class NewFile {
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Rejects with `USAGE` where it cannot be written, or where a file is there that `replace` does not give up,
   * else like `write`.
   */
  static async fill<T>(
    path: string,
    { replace }: { readonly replace: boolean },
    fill: (file: NewFile) => Promise<T>,
  ): Promise<T> {
    await refuseTaken(path, replace);
    const part = `${path}.part`;
    const handle = await open(part, 'w').catch((cause) => {
      throw unwritable(path, cause);
    });
    const file = new NewFile(path, handle);
    try {
      const result = await fill(file);
      await file.#use((each) => each.sync());
      await handle.close();
      // Another program may have made the file meanwhile.
      await refuseTaken(path, replace);
      await rename(part, path).catch((cause) => {
        throw unwritable(path, cause);
      });
      return result;
    } catch (error) {
      await handle.close().catch(() => undefined);
      await unlink(part).catch(() => undefined);
      throw error;
    }
  }

  /** Rejects with `USAGE` where the disk takes no more. */
  write(chunk: Uint8Array): Promise<void> {
    return this.#use((file) => file.appendFile(chunk));
  }

  async #use(use: (file: FileHandle) => Promise<unknown>): Promise<void> {
    await use(this.#file).catch((cause) => {
      throw unwritable(this.#path, cause);
    });
  }
}

async function refuseTaken(path: string, replace: boolean): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!replace) throw taken(path, ', or give --force');
  const target = await stat(path).catch(() => null);
  // A device, or a link to it, would be a plain file from then on.
  if (target === null || target.isFile()) return;
  throw usage(`${path} is no file: name another, or leave -o out and direct standard output there`);
}
