import { createHash } from 'node:crypto';
import type { PathLike } from 'node:fs';
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
export async function placeAt(path: PathLike): Promise<string> {
  return placeOf(await stat(path, { bigint: true }));
}

/** Keys and tokens, which never become items: every peer would get them, and no peer forgets. */
export class Secrets {
  readonly #lengths = new Set<number>();
  readonly #digests = new Set<string>();

  /** Those of a node that are there now. */
  static async of(config: Config): Promise<Secrets> {
    const contents = await present(secretFiles(config).map((path) => readFile(path)));
    const secrets = new Secrets();
    for (const content of contents) secrets.add(content);
    return secrets;
  }

  add(content: Uint8Array): void {
    const essence = essenceOf(content);
    if (essence === '') return;
    this.#lengths.add(essence.length);
    this.#digests.add(digestOf(essence));
  }

  /** Whether this is the content of one of them, with or without white space around it. */
  readonly has = (payload: Uint8Array): boolean => {
    if (payload.length > MAX_SECRET_BYTES) return false;
    // All payloads pass here, and hardly any has the length of a key.
    if (!isSpace(payload[0]) && !isSpace(payload.at(-1)) && !this.#lengths.has(payload.length)) {
      return false;
    }
    const essence = essenceOf(payload);
    return this.#lengths.has(essence.length) && this.#digests.has(digestOf(essence));
  };
}

/**
 * The data directory, keys and tokens of a node, which never become items. Files are known by their place,
 * since links and mounts give them other names; keys and tokens also by their content, for there are copies.
 * A directory of any other node is known by the names in it.
 */
export class OwnFiles {
  readonly #places: ReadonlySet<string>;
  /** Whether this is the content of a key or token. */
  readonly isSecret: (payload: Uint8Array) => boolean;

  private constructor(places: ReadonlySet<string>, secrets: Secrets) {
    this.#places = places;
    this.isSecret = secrets.has;
  }

  /** Null: it is not known which node this is about. */
  static async of(config: Config | null): Promise<OwnFiles> {
    if (config === null) return new OwnFiles(new Set(), new Secrets());
    const { dataDir } = config.node;
    const entries = await namesIn(dataDir);
    const paths = [dataDir, ...entries.map((name) => join(dataDir, name)), ...secretFiles(config)];
    const [places, secrets] = await Promise.all([
      present(paths.map((path) => placeAt(path))),
      Secrets.of(config),
    ]);
    return new OwnFiles(new Set(places), secrets);
  }

  hasPlace(place: string): boolean {
    return this.#places.has(place);
  }

  /** Whether the file or directory is one of them, or lies below one or below a directory of any node. */
  async hasPath(path: string): Promise<boolean> {
    for (let each = await realpath(path); ; each = dirname(each)) {
      if (this.hasPlace(await placeAt(each))) return true;
      if (looksLikeDataDir(await namesIn(each))) return true;
      if (dirname(each) === each) return false;
    }
  }
}

/** A data directory of any node, or a LevelDB database, by the names in it. */
export function looksLikeDataDir(names: readonly string[]): boolean {
  if (names.includes('identity.key')) return true;
  return names.includes('CURRENT') && names.some((name) => /^MANIFEST-\d+$/.test(name));
}

function secretFiles({ node: { dataDir }, admin, access }: Config): string[] {
  const own = [adminFile(dataDir), join(dataDir, 'identity.key'), join(dataDir, 'admin.token')];
  return [
    ...own,
    ...[admin.tokenFile, admin.tls.key, access.pskFile, access.pskFileOld].filter(
      (path) => path !== null,
    ),
  ];
}

/** Empty for a file, and for a directory that cannot be read. */
function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

/** Whether `essenceOf` may take the byte away. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0xa0 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

function essenceOf(content: Uint8Array): string {
  return Buffer.from(content).toString('latin1').trim();
}

function digestOf(essence: string): string {
  return createHash('sha256').update(essence, 'latin1').digest('hex');
}

async function present<T>(all: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(all);
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
