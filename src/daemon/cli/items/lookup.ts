import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DaemonError } from '../../errors.ts';
import { reasonOf } from '../../errors.ts';
import { usage } from '../errors.ts';
import { formatNumber } from '../format.ts';
import { type CliInit, printLine } from '../init.ts';
import type { ManifestEntry } from './manifest.ts';

/** Paths or ids that the error for an ambiguous name lists. */
const SHOWN = 5;

interface Named {
  /** The path as people see it, with the line of NDJSON. */
  readonly shown: string;
  readonly id: string;
}

/**
 * The id that a manifest has for a name: a path as it stands there, else one relative to the directory that
 * was imported, else the end of one alone. Of several lines with the same path the last counts. Lines that
 * are damaged are skipped, and their number told on standard error. Throws `USAGE`.
 */
export async function idInManifest(path: string, name: string, init: CliInit): Promise<string> {
  const file = resolve(init.cwd, path);
  const ways: ((shown: string, entry: ManifestEntry) => boolean)[] = [
    (shown) => shown === name,
    (shown) => shown === resolve(init.cwd, name),
    (shown, { root }) => root !== undefined && shown === join(root, name),
    (shown) => shown.endsWith(`/${name}`),
  ];
  const found = ways.map(() => new Map<string, Named>());
  const damaged = await readEntries(file, (entry) => {
    const shown = entry.line === undefined ? entry.path : `${entry.path}:${entry.line}`;
    // Paths of other bytes may look the same.
    const key = JSON.stringify([shown, entry.pathBase64]);
    const way = ways.findIndex((fits) => fits(shown, entry));
    found[way]?.set(key, { shown, id: entry.id });
  });
  if (damaged > 0) {
    const words = damaged === 1 ? '1 line that is' : `${formatNumber(damaged)} lines that are`;
    await printLine(init.stderr, `rangemesh: ${file} has ${words} damaged, and skipped`);
  }
  const [first, ...others] = found.find(({ size }) => size > 0)?.values() ?? [];
  if (first === undefined) throw usage(`${file} has no ${name}`);
  if (others.length > 0) throw ambiguous(name, file, [first, ...others]);
  return first.id;
}

function ambiguous(name: string, file: string, found: readonly Named[]): DaemonError {
  const list = (all: readonly string[]) =>
    `${all.toSorted().slice(0, SHOWN).join(', ')}${all.length > SHOWN ? ' and others' : ''}`;
  const paths = [...new Set(found.map(({ shown }) => shown))];
  if (paths.length > 1) {
    return usage(
      `${name} is the end of ${paths.length} paths in ${file}: ${list(paths)}; give more of it`,
    );
  }
  const ids = list(found.map(({ id }) => id));
  return usage(
    `${name} is ambiguous: ${found.length} paths in ${file} look like it, with different bytes; get the item by its id: ${ids}`,
  );
}

/** Returns the number of damaged lines, as a crash or a full disk leaves them. Throws `USAGE`. */
async function readEntries(path: string, take: (entry: ManifestEntry) => void): Promise<number> {
  let damaged = 0;
  try {
    const file = await open(path);
    for await (const line of file.readLines()) {
      const entry = parse(line);
      if (entry !== null) take(entry);
      else if (line !== '') damaged++;
    }
  } catch (cause) {
    throw usage(`cannot read the manifest ${path}: ${reasonOf(cause)}`, { cause });
  }
  return damaged;
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
