import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../src/store/index.ts';

export const DAMAGES = [
  'cut-log',
  'flip-log',
  'flip-table',
  'flip-manifest',
  'flip-current',
] as const;
export type DamageKind = (typeof DAMAGES)[number];

const FILES: Readonly<Record<DamageKind, RegExp>> = {
  'cut-log': /^\d+\.log$/,
  'flip-log': /^\d+\.log$/,
  'flip-table': /^\d+\.ldb$/,
  'flip-manifest': /^MANIFEST-\d+$/,
  'flip-current': /^CURRENT$/,
};

/** Damages one file of a LevelDB that is not open; says what was done, null when there is no such file. */
export function damage(directory: string, kind: DamageKind, random: Random): string | null {
  const below = (limit: number): number => Math.floor(random.fraction() * limit);
  const files = readdirSync(directory)
    .filter((name) => FILES[kind].test(name) && statSync(join(directory, name)).size > 0)
    .sort();
  if (files.length === 0) return null;
  const name = kind === 'flip-table' ? files[below(files.length)]! : files.at(-1)!;
  const path = join(directory, name);
  const at = below(statSync(path).size);
  if (kind === 'cut-log') {
    const cut = statSync(path).size - at;
    truncateSync(path, at);
    return `${name} cut at byte ${at}, ${cut} bytes gone`;
  }
  const bytes = readFileSync(path);
  bytes[at]! ^= 1 << below(8);
  writeFileSync(path, bytes);
  return `${name} byte ${at} of ${bytes.length} flipped`;
}
