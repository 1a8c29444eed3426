import { dirname, resolve } from 'node:path';
import { DaemonError } from '../errors.ts';
import { checkConfig } from './checks.ts';
import { applySettings, type RawConfig, readEnvironment, readFileLayer } from './layers.ts';
import { configError, describeIssue, wrongPaths } from './problems.ts';
import { leafAt, parseConfig } from './schema.ts';
import type { Config, ConfigOrigin, LoadedConfig, Problem, Setting } from './types.ts';
import { configPaths, setValue, valueAt } from './values.ts';

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
   * Settings of the command line; the last of a key wins.
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
  return (await loadWithOrigins(init)).config;
}

/** Like `loadConfig`, and where each value was written. */
export async function loadWithOrigins(init: LoadConfigInit): Promise<LoadedConfig> {
  const problems: Problem[] = [];
  const file = init.file === undefined ? undefined : resolve(init.cwd, init.file);
  const raw = file === undefined ? {} : readFileLayer(await readText(init, file), file, problems);
  const environment = readEnvironment(init.env ?? {}, problems);
  const sources = applySettings(raw, [...environment, ...(init.flags ?? [])], problems);
  const sourceOf = (path: string) => {
    const source = sources.get(path) ?? file;
    return source === undefined ? '' : ` (from ${source})`;
  };
  const { config, sound } = parseSound(raw, sourceOf, problems);
  const given = (path: string) => {
    const names = path.split('.');
    const home = names.slice(0, -1).reduce<unknown>((tree, name) => Object(tree)[name], raw);
    return Object.hasOwn(Object(home), names.at(-1)!);
  };
  problems.push(...checkConfig({ config, given, sound }));
  if (problems.length > 0) throw configError(problems);
  const home = file === undefined ? init.cwd : dirname(file);
  resolvePaths(config, (path) => (sources.has(path) ? init.cwd : home));
  const variables = new Set(environment.map(({ source }) => source));
  const originOf = (path: string): ConfigOrigin => {
    const source = sources.get(path);
    if (source !== undefined)
      return { from: variables.has(source) ? 'environment' : 'flag', source };
    return file !== undefined && given(path)
      ? { from: 'file', source: file }
      : { from: 'default', source: null };
  };
  return { config, origins: new Map(configPaths().map((path) => [path, originOf(path)])) };
}

/**
 * The configuration; a key that is wrong has its default, and the problem is noted. No key of a section
 * with an unknown key is sound: the unknown key may be the misspelling of any other.
 */
function parseSound(
  raw: RawConfig,
  sourceOf: (path: string) => string,
  problems: Problem[],
): { config: Config; sound: (path: string) => boolean } {
  const parsed = parseConfig(raw);
  if (parsed.success) return { config: parsed.data, sound: () => true };
  const { issues } = parsed.error;
  problems.push(...issues.flatMap((issue) => describeIssue(issue, raw, sourceOf)));
  const rest = structuredClone(raw);
  for (const [section, key] of issues.flatMap(wrongPaths)) {
    if (key === undefined) delete rest[section!];
    else delete (rest[section!] as RawConfig)[key];
  }
  const broken = new Set(issues.map(({ path }) => path.slice(0, 2).join('.')));
  const sound = (path: string) => !broken.has(path) && !broken.has(path.split('.', 1)[0]!);
  return { config: parseConfig(rest).data!, sound };
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

function resolvePaths(config: Config, homeOf: (path: string) => string): void {
  for (const path of configPaths()) {
    const value = valueAt(config, path);
    if (leafAt(path)?.path !== true || typeof value !== 'string') continue;
    setValue(config, path, resolve(homeOf(path), value));
  }
}
