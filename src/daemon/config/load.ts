import { dirname, resolve } from 'node:path';
import { DaemonError } from '../errors.ts';
import { checkConfig } from './checks.ts';
import { applySettings, readEnvironment, readFileLayer } from './layers.ts';
import { configError, describeIssue } from './problems.ts';
import { LEAVES, parseConfig } from './schema.ts';
import type { Config, Problem, Setting } from './types.ts';

export interface LoadConfigInit {
  /**
   * YAML file; relative paths in it are relative to its directory.
   * @default none: defaults, environment and flags alone
   */
  file?: string | undefined;
  /**
   * Variables such as `RANGEMESH_NETWORK_NAME`; lists are comma-separated.
   * @default {}
   */
  env?: Readonly<Record<string, string | undefined>>;
  /**
   * What the command line sets; the last one wins.
   * @default []
   */
  flags?: readonly Setting[];
  /** Absolute directory that paths outside a file are relative to. */
  cwd: string;
  /** Reads a file as UTF-8 text. */
  read: (path: string) => Promise<string>;
}

/**
 * The configuration: flag over environment over file over default. Rejects with one `DaemonError`
 * that names every problem (`CONFIG_INVALID`, or the code of the only one), exit code 78.
 */
export async function loadConfig(init: LoadConfigInit): Promise<Config> {
  const problems: Problem[] = [];
  const file = init.file === undefined ? undefined : resolve(init.cwd, init.file);
  const base = file === undefined ? {} : readFileLayer(await readText(init, file), file, problems);
  const raw = base as Record<string, unknown>;
  const inFile = pathsOf(raw);
  const settings = [...readEnvironment(init.env ?? {}, problems), ...(init.flags ?? [])];
  const sources = applySettings(raw, settings, problems);
  const sourceOf = (path: string) => {
    const source = sources.get(path) ?? file;
    return source === undefined ? '' : ` (from ${source})`;
  };
  const { config, sound } = parseSound(raw, sourceOf, problems);
  const given = (path: string) => inFile.has(path) || sources.has(path);
  problems.push(...checkConfig({ config, given, sound }));
  if (problems.length > 0) throw configError(problems);
  const home = file === undefined ? init.cwd : dirname(file);
  return resolvePaths(config, (path) => (sources.has(path) ? init.cwd : home));
}

/**
 * The configuration; a key that is wrong has its default, and the problem is noted. A section with an
 * unknown key is sound nowhere: that key may be the misspelling of any other.
 */
function parseSound(
  raw: Record<string, unknown>,
  sourceOf: (path: string) => string,
  problems: Problem[],
): { config: Config; sound: (path: string) => boolean } {
  const tree = dropEmptySections(raw);
  const parsed = parseConfig(tree);
  if (parsed.success) return { config: parsed.data, sound: () => true };
  const { issues } = parsed.error;
  problems.push(...issues.flatMap((issue) => describeIssue(issue, tree, sourceOf)));
  const broken = new Set(issues.map(({ path }) => path.slice(0, 2).join('.')));
  const config = parseConfig(knownParts(tree, (path) => !broken.has(path))).data!;
  const sound = (path: string) => !broken.has(path) && !broken.has(path.split('.', 1)[0]!);
  return { config, sound };
}

/** The sections and keys of a raw tree that there are in the schema, and that `keep` says yes to. */
function knownParts(tree: Record<string, unknown>, keep: (path: string) => boolean): object {
  const parts = Object.entries(tree).flatMap(([section, keys]) => {
    const known = LEAVES.get(section);
    if (known === undefined || typeof keys !== 'object' || keys === null) return [];
    const kept = Object.entries(keys).filter(
      ([key]) => known.has(key) && keep(`${section}.${key}`),
    );
    return [[section, Object.fromEntries(kept)] as const];
  });
  return Object.fromEntries(parts);
}

async function readText(init: LoadConfigInit, file: string): Promise<string> {
  try {
    return await init.read(file);
  } catch (error) {
    throw new DaemonError(
      'CONFIG_UNREADABLE',
      `cannot read the configuration ${file}: ${(error as Error).message}; ` +
        'give its name with --config, or make one with "rangemesh init DIR"',
      { cause: error },
    );
  }
}

/** The `section.key` paths written in a raw tree. */
function pathsOf(raw: Record<string, unknown>): Set<string> {
  return new Set(
    Object.entries(raw).flatMap(([section, keys]) =>
      typeof keys === 'object' && keys !== null
        ? Object.keys(keys).map((key) => `${section}.${key}`)
        : [],
    ),
  );
}

/** A section whose keys are all commented out reads as null, and means the defaults. */
function dropEmptySections(raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(raw).filter(([, keys]) => keys !== null));
}

function resolvePaths(config: Config, homeOf: (path: string) => string): Config {
  const tree = config as unknown as Record<string, Record<string, unknown>>;
  for (const [section, keys] of LEAVES) {
    for (const [key, leaf] of keys) {
      const value = tree[section]![key];
      if (leaf.path !== true || typeof value !== 'string') continue;
      tree[section]![key] = resolve(homeOf(`${section}.${key}`), value);
    }
  }
  return config;
}
