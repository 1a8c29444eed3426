import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/store/index.ts';

/** Kinds of files of a LevelDB. */
export const FILE_KINDS = ['table', 'log', 'manifest', 'current'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

const FILES: Readonly<Record<FileKind, RegExp>> = {
  table: /^\d+\.ldb$/,
  log: /^\d+\.log$/,
  manifest: /^MANIFEST-\d+$/,
  current: /^CURRENT$/,
};

export const DAMAGES = ['flip', 'zero', 'cut', 'delete'] as const;
export type DamageKind = (typeof DAMAGES)[number];

const PAGE_BYTES = 4_096;

/** Damages one file of a LevelDB in its place; says what was done, null if there is no such file. */
export function damage(
  directory: string,
  file: FileKind,
  kind: DamageKind,
  random: Random,
): string | null {
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const names = readdirSync(directory)
    .filter((name) => FILES[file].test(name) && statSync(join(directory, name)).size > 0)
    .sort();
  if (names.length === 0) return null;
  const name = names[below(names.length)]!;
  const path = join(directory, name);
  const { size } = statSync(path);
  if (kind === 'delete') {
    rmSync(path);
    return `${name} deleted`;
  }
  if (kind === 'cut') {
    const end = below(size);
    truncateSync(path, end);
    return `${name} cut at byte ${end} of ${size}`;
  }
  const bytes = readFileSync(path);
  const places: number[] = [];
  if (kind === 'zero') {
    const start = below(Math.ceil(size / PAGE_BYTES)) * PAGE_BYTES;
    bytes.fill(0, start, Math.min(size, start + PAGE_BYTES));
    places.push(start);
  } else {
    for (let i = 0; i <= below(3); i++) {
      const at = below(size);
      bytes[at]! ^= 1 << below(8);
      places.push(at);
    }
  }
  const opened = openSync(path, 'r+');
  writeSync(opened, bytes, 0, size, 0);
  closeSync(opened);
  const done = kind === 'zero' ? 'a page zeroed' : 'bits flipped';
  return `${name}: ${done} at byte ${places.join(', ')} of ${size}`;
}
