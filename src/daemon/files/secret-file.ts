import { access, constants, link, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesToHex, type Random } from '../../store/index.ts';
import type { Logger } from '../logging.ts';
import { codeOf, readBounded, syncDirectory, writeDurably } from './durable-file.ts';

/** A longer file is no secret of ours. */
const MAX_BYTES = 4_096;
const OTHERS = 0o077;
const GROUP = 0o070;

/**
 * The content of the file without white space around it. A missing file is created first, with mode
 * 0600. Two processes that create it at once end with the same content.
 */
export async function loadOrCreateSecret(init: {
  readonly path: string;
  /** Names the temporary file. */
  readonly random: Pick<Random, 'bytes'>;
  readonly logger: Logger;
  /** The content of a new file. */
  create(): string | Promise<string>;
}): Promise<string> {
  const existing = await readSecret(init.path, init.logger);
  if (existing !== null) return existing;
  const content = await init.create();
  if (await createSecret(init.path, content, init.random)) return content;
  return (await readSecret(init.path, init.logger)) ?? content;
}

/** The content, trimmed, or null when there is no such file. Warns when others may read it. */
export async function readSecret(path: string, logger: Logger): Promise<string | null> {
  const bytes = await readBounded(path, MAX_BYTES);
  if (bytes === null) return null;
  const stats = await stat(path);
  const exposed = exposure(stats.mode, await changeable(path, stats.uid));
  if (exposed !== null) logger.warn({ code: 'SECRET_EXPOSED', path }, `${path} ${exposed}`);
  if (stats.size > MAX_BYTES) throw new Error(`${path} is longer than ${MAX_BYTES} bytes`);
  return new TextDecoder().decode(bytes).trim();
}

/** The mode in octal if it lets in other users, else null. */
export function openMode({ mode }: { readonly mode: number }): string | null {
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return null;
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** Whether this user can change the mode: a mount of a container's secrets belongs to others, or is read-only. */
async function changeable(path: string, owner: number): Promise<boolean> {
  const user = process.getuid?.() ?? owner;
  if (user !== owner && user !== 0) return false;
  const error = await access(path, constants.W_OK).catch((cause: unknown) => cause);
  return codeOf(error) !== 'EROFS';
}

/**
 * The sentence after the path of a secret that others may read, else null. Where this user cannot change the
 * mode, its group may be how it was let in.
 */
export function exposure(mode: number, canChange: boolean): string | null {
  const octal = openMode({ mode: canChange ? mode : mode & ~GROUP });
  if (octal === null) return null;
  const remedy = canChange
    ? 'run chmod 600 on it'
    : 'this user cannot change that, so set the mode where the file is mounted (Kubernetes: defaultMode: 0400)';
  return `has mode ${openMode({ mode })}, so other users of this machine may use the secret in it: ${remedy}`;
}

/** Creates the file with mode 0600, whole or not at all; false when there is one already. */
export async function createSecret(
  path: string,
  content: string,
  random: Pick<Random, 'bytes'>,
): Promise<boolean> {
  const temporary = `${path}.${bytesToHex(random.bytes(8))}.tmp`;
  await writeDurably(temporary, `${content.trim()}\n`);
  try {
    return await publish(temporary, path);
  } finally {
    await unlink(temporary).catch(() => undefined);
    await syncDirectory(dirname(path));
  }
}

/** A hard link does not replace an existing file; a rename does. */
async function publish(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
  }
  // The file system has no hard links.
  await rename(temporary, path);
  return true;
}
