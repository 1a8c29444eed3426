import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { reasonOf } from '../../errors.ts';
import { placeOf } from '../../own-files.ts';
import { usage } from '../errors.ts';

/** A line of a manifest, as JSON: an imported item and the name it had. */
export interface ManifestEntry {
  readonly path: string;
  /** Of NDJSON; from 1. */
  readonly line?: number;
  /** The bytes of a path that is not UTF-8. */
  readonly pathBase64?: string;
  readonly hint: string;
  /** Payload bytes. */
  readonly size: number;
  readonly id: string;
}

/** Paths that the error for an ambiguous one names. */
const SHOWN = 5;

/** The file in which an import notes what became of each name. Lines are added behind those that are there. */
export class Manifest {
  /** Device and inode. */
  readonly place: string;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, place: string) {
    this.#file = file;
    this.place = place;
  }

  static async open(path: string): Promise<Manifest> {
    try {
      const file = await open(path, 'a');
      return new Manifest(file, placeOf(await file.stat({ bigint: true })));
    } catch (cause) {
      throw usage(`cannot write the manifest ${path}: ${reasonOf(cause)}`, { cause });
    }
  }

  async add(entry: ManifestEntry): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/**
 * The id that a manifest has for a name: a path as it stands there, or the end of one alone. Of several lines
 * with the same path the last counts. Throws `USAGE`.
 */
export async function idInManifest(file: string, name: string, cwd: string): Promise<string> {
  const found = new Map<string, string>();
  for await (const entry of entriesOf(file)) {
    const path = entry.line === undefined ? entry.path : `${entry.path}:${entry.line}`;
    if (path === name || path === resolve(cwd, name)) found.set(path, entry.id);
    else if (path.endsWith(`/${name}`)) found.set(path, entry.id);
  }
  const exact = found.get(name) ?? found.get(resolve(cwd, name));
  if (exact !== undefined) return exact;
  const [first, ...others] = found;
  if (first === undefined) throw usage(`${file} has no ${name}`);
  if (others.length === 0) return first[1];
  const shown = [...found.keys()].slice(0, SHOWN).join(', ');
  const more = found.size > SHOWN ? ' and others' : '';
  throw usage(
    `${name} is the end of ${found.size} paths in ${file}: ${shown}${more}; give more of it`,
  );
}

async function* entriesOf(path: string): AsyncGenerator<ManifestEntry> {
  const file = await open(path).catch((cause): never => {
    throw usage(`cannot read the manifest ${path}: ${cause.message}`, { cause });
  });
  let number = 0;
  for await (const line of file.readLines()) {
    number++;
    if (line === '') continue;
    const entry = parse(line);
    if (entry === null) throw usage(`${path}:${number} is no line of a manifest`);
    yield entry;
  }
}

function parse(line: string): ManifestEntry | null {
  try {
    const entry = JSON.parse(line);
    const { path, id } = Object(entry);
    return typeof path === 'string' && /^[0-9a-f]{64}$/.test(id) ? entry : null;
  } catch {
    return null;
  }
}
