import { closeSync, constants, type Dirent, fstatSync, open, read } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { looksLikeDataDir, type OwnFiles, placeAt, placeOf } from '../../own-files.ts';
import {
  BadInput,
  type ImportCandidate,
  type ImportOrigin,
  type Loaded,
  type SkipReason,
} from './candidate.ts';

const SLASH = 0x2f;

/**
 * A `FileHandle` for each small file costs three times as much. What may wait for the disk goes through the thread
 * pool; a look at an open file, and closing it, do not.
 */
const openFile = promisify(open);
const readFrom = promisify(read);

export interface TreeInit {
  root: string;
  /** Longer files are skipped. */
  maxBytes: number;
  /** Skipped, and so is what looks like a data directory. */
  own: OwnFiles;
  /** Place of the manifest that is being written; null: there is none. */
  manifest: string | null;
}

type Visit = Omit<TreeInit, 'root'>;

/** Everything below `root` in the order of names, directories entered as they come. */
export function walkTree({ root, ...visit }: TreeInit): AsyncGenerator<ImportCandidate> {
  return walk(Buffer.from(root), visit);
}

/** Paths are bytes: a name need not be UTF-8. */
async function* walk(root: Buffer, visit: Visit): AsyncGenerator<ImportCandidate> {
  const { own } = visit;
  let entries: Dirent<Buffer>[];
  try {
    if (own.hasPlace(await placeAt(root))) return yield skip(root, 'ownFile');
    entries = await readdir(root, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    yield { origin: originOf(root), load: () => Promise.reject(error) };
    return;
  }
  if (looksLikeDataDir(entries.map(({ name }) => `${name}`))) return yield skip(root, 'ownFile');
  entries.sort((a, b) => Buffer.compare(a.name, b.name));
  for (const entry of entries) {
    const path = below(root, entry.name);
    if (entry.isDirectory()) yield* walk(path, visit);
    else if (entry.isFile()) yield { origin: originOf(path), load: () => readItem(path, visit) };
    else yield skip(path, entry.isSymbolicLink() ? 'symlink' : 'notAFile');
  }
}

function below(root: Buffer, name: Buffer): Buffer {
  const slash = root.at(-1) === SLASH ? [] : [Buffer.of(SLASH)];
  return Buffer.concat([root, ...slash, name]);
}

function originOf(bytes: Buffer): ImportOrigin {
  const path = bytes.toString();
  return Buffer.from(path).equals(bytes)
    ? { path }
    : { path, pathBase64: bytes.toString('base64') };
}

function skip(path: Buffer, reason: SkipReason): ImportCandidate {
  return { origin: originOf(path), load: async () => ({ kind: 'skipped', reason }) };
}

/** Opens without following links and without waiting for a pipe: either may have replaced the file. */
async function readItem(path: Buffer, { maxBytes, own, manifest }: Visit): Promise<Loaded> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await openFile(path, flags);
  try {
    const { size, mtimeMs, place } = regular(file);
    if (own.hasPlace(place)) return { kind: 'skipped', reason: 'ownFile' };
    if (place === manifest) return { kind: 'skipped', reason: 'manifest' };
    if (size > BigInt(maxBytes)) return { kind: 'skipped', reason: 'tooLarge' };
    if (mtimeMs < 0n)
      throw new BadInput('its modification time lies before 1970, so it has no hint');
    return { kind: 'item', hint: mtimeMs, payload: await readUpTo(file, maxBytes, Number(size)) };
  } finally {
    closeSync(file);
  }
}

function regular(file: number) {
  const stats = fstatSync(file, { bigint: true });
  if (!stats.isFile()) throw new BadInput('it is no longer a regular file');
  return { size: stats.size, mtimeMs: stats.mtimeMs, place: placeOf(stats) };
}

async function readUpTo(file: number, maxBytes: number, size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await readFrom(file, buffer, length, buffer.length - length, length);
    length += bytesRead;
    if (length > size) throw new BadInput(`it grew while it was read (at most ${maxBytes} bytes)`);
    // Fewer bytes than asked for: a regular file ends there.
    if (bytesRead === 0 || length === size) return buffer.subarray(0, length);
  }
}
