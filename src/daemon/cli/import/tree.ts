import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { looksLikeDataDir, type OwnFiles, placeAt, placeOf } from '../../own-files.ts';
import { BadInput, type ImportCandidate, type Loaded, type SkipReason } from './candidate.ts';

export interface TreeInit {
  root: string;
  /** Longer files are skipped. */
  maxBytes: number;
  /** Skipped, and so is what looks like a data directory. */
  own: OwnFiles;
}

/** Everything below `root` in the order of names, directories entered as they come. */
export async function* walkTree(init: TreeInit): AsyncGenerator<ImportCandidate> {
  const { root, own } = init;
  let entries: Dirent[];
  try {
    if (own.hasPlace(await placeAt(root))) return yield skip(root, 'ownFile');
    entries = await readdir(root, { withFileTypes: true });
  } catch (error) {
    yield { origin: { path: root }, load: () => Promise.reject(error) };
    return;
  }
  if (looksLikeDataDir(entries.map(({ name }) => name))) return yield skip(root, 'ownFile');
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) yield* walkTree({ ...init, root: path });
    else if (entry.isFile()) yield { origin: { path }, load: () => readItem(path, init) };
    else yield skip(path, entry.isSymbolicLink() ? 'symlink' : 'notAFile');
  }
}

function skip(path: string, reason: SkipReason): ImportCandidate {
  return { origin: { path }, load: async () => ({ kind: 'skipped', reason }) };
}

/** Opens without following links and without waiting for a pipe: either may have replaced the file. */
async function readItem(path: string, { maxBytes, own }: TreeInit): Promise<Loaded> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags);
  try {
    const { size, mtimeMs, place } = await regular(file);
    if (own.hasPlace(place)) return { kind: 'skipped', reason: 'ownFile' };
    if (size > BigInt(maxBytes)) return { kind: 'skipped', reason: 'tooLarge' };
    if (mtimeMs < 0n)
      throw new BadInput('its modification time lies before 1970, so it has no hint');
    return { kind: 'item', hint: mtimeMs, payload: await readUpTo(file, maxBytes, Number(size)) };
  } finally {
    await file.close();
  }
}

async function regular(file: FileHandle) {
  const stats = await file.stat({ bigint: true });
  if (!stats.isFile()) throw new BadInput('it is no longer a regular file');
  return { size: stats.size, mtimeMs: stats.mtimeMs, place: placeOf(stats) };
}

async function readUpTo(file: FileHandle, maxBytes: number, size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > size) throw new BadInput(`it grew while it was read (at most ${maxBytes} bytes)`);
  }
}
