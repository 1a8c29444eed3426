import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { adminFile } from './admin-file.ts';
import type { Config } from './config/index.ts';

/** A longer payload is no key and no token. */
const MAX_SECRET_BYTES = 4_096;

/** Device and inode of a file or directory: the same by whatever path it is reached. */
export function placeOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

/** Rejects if there is no such file. */
export async function placeAt(path: string): Promise<string> {
  return placeOf(await stat(path, { bigint: true }));
}

/**
 * The data directory, keys and tokens of a node, which never become items. Files are known by their place,
 * since links and mounts give them other names; keys and tokens also by their content, for there are copies.
 */
export class OwnFiles {
  readonly #places: ReadonlySet<string>;
  readonly #secrets: ReadonlySet<string>;

  private constructor(places: ReadonlySet<string>, secrets: ReadonlySet<string>) {
    this.#places = places;
    this.#secrets = secrets;
  }

  static async of({ node: { dataDir }, admin, access }: Config): Promise<OwnFiles> {
    const secrets = [
      adminFile(dataDir),
      join(dataDir, 'identity.key'),
      join(dataDir, 'admin.token'),
      ...[admin.tokenFile, access.pskFile].filter((path) => path !== null),
    ];
    const entries = await readdir(dataDir).catch(() => []);
    const paths = [dataDir, ...entries.map((name) => join(dataDir, name)), ...secrets];
    const [places, contents] = await Promise.all([
      present(paths.map((path) => placeAt(path))),
      present(secrets.map(async (path) => essence(await readFile(path)))),
    ]);
    return new OwnFiles(new Set(places), new Set(contents.filter((content) => content !== '')));
  }

  hasPlace(place: string): boolean {
    return this.#places.has(place);
  }

  /** Whether the file or directory is one of them, or lies below one. */
  async hasPath(path: string): Promise<boolean> {
    for (let each = await realpath(path); ; each = dirname(each)) {
      if (this.hasPlace(await placeAt(each))) return true;
      if (dirname(each) === each) return false;
    }
  }

  /** Whether this is the content of a key or token. */
  isSecret(payload: Uint8Array): boolean {
    return payload.length <= MAX_SECRET_BYTES && this.#secrets.has(essence(payload));
  }
}

/** A data directory of any node, by the names in it. */
export function looksLikeDataDir(names: readonly string[]): boolean {
  return names.includes('identity.key') && names.includes('db');
}

function essence(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1').trim();
}

async function present<T>(all: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(all);
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
