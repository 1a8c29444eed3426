import { bytesToHex, type Random } from '../../store/index.ts';
import { DaemonError } from '../errors.ts';
import { readSecret } from '../files/index.ts';
import type { Logger } from '../logging.ts';

const HEADER = '/key/swarm/psk/1.0.0/\n/base16/\n';
const HEX = /^[0-9a-f]{64}$/i;

/** A new pre-shared key as the text that libp2p's private networks exchange ("swarm key"). */
export function createPsk(random: Pick<Random, 'bytes'>): string {
  return `${HEADER}${bytesToHex(random.bytes(32))}\n`;
}

/**
 * The text of a pre-shared key as `@libp2p/pnet` wants it. Takes that text, its bytes, or the 64 hex
 * digits alone; throws `CONFIG_INVALID`, which names the origin of the key.
 */
export function parsePsk(psk: string | Uint8Array, origin = 'that was given'): Uint8Array {
  const text = (typeof psk === 'string' ? psk : new TextDecoder().decode(psk)).trim();
  const lines = text.split(/\s+/);
  const digits = lines.at(-1) ?? '';
  const known = lines.length === 1 || HEADER.trim() === lines.slice(0, -1).join('\n');
  if (!known || !HEX.test(digits)) {
    const message = `The pre-shared key ${origin} is not one: expected the lines /key/swarm/psk/1.0.0/, /base16/ and 64 hex digits, or the 64 digits alone`;
    throw new DaemonError('CONFIG_INVALID', message);
  }
  return new TextEncoder().encode(HEADER + digits.toLowerCase());
}

/** Reads a pre-shared key file; rejects with `CONFIG_UNREADABLE` or `CONFIG_INVALID`. */
export async function loadPsk(path: string, logger: Logger): Promise<Uint8Array> {
  const unreadable = (why: string, cause?: unknown) =>
    new DaemonError(
      'CONFIG_UNREADABLE',
      `The pre-shared key ${path} cannot be read (${why}). Copy the file from another node of the mesh to this path, or make a new key with "rangemesh keygen psk --out ${path}"`,
      { cause },
    );
  const text = await readSecret(path, logger).catch((cause: Error) => {
    throw unreadable(cause.message, cause);
  });
  if (text === null) throw unreadable('there is no such file');
  return parsePsk(text, path);
}
