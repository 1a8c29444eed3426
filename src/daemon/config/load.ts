import { dirname, resolve } from 'node:path';
import { DaemonError, EXIT } from '../errors.ts';
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
  const { config, broken } = parseSound(raw, sourceOf, problems);
  const given = (path: string) => inFile.has(path) || sources.has(path);
  problems.push(...checkConfig({ config, given, broken }));
  if (problems.length > 0) throw configError(problems);
  const home = file === undefined ? init.cwd : dirname(file);
  return resolvePaths(config, (path) => (sources.has(path) ? init.cwd : home));
}

/** The configuration; where a section is broken, its problems are noted and it has the defaults. */
function parseSound(
  raw: Record<string, unknown>,
  sourceOf: (path: string) => string,
  problems: Problem[],
): { config: Config; broken: Set<string> } {
  const tree = dropEmptySections(raw);
  const parsed = parseConfig(tree);
  if (parsed.success) return { config: parsed.data, broken: new Set() };
  const { issues } = parsed.error;
  problems.push(...issues.flatMap((issue) => describeIssue(issue, tree, sourceOf)));
  const broken = new Set(issues.flatMap(({ path }) => path.slice(0, 1).map(String)));
  const sound = Object.entries(tree).filter(([key]) => LEAVES.has(key) && !broken.has(key));
  return { config: parseConfig(Object.fromEntries(sound)).data!, broken };
}

async function readText(init: LoadConfigInit, file: string): Promise<string> {
  try {
    return await init.read(file);
  } catch (error) {
    throw new DaemonError(
      'CONFIG_UNREADABLE',
      `cannot read the configuration ${file}: ${(error as Error).message}; ` +
        'give its name with --config, or make one with "rangemesh init DIR"',
      { cause: error, exitCode: EXIT.config },
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
