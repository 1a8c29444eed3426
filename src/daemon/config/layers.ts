import { isMap, LineCounter, parseDocument } from 'yaml';
import { problem, unknownKey } from './problems.ts';
import { LEAVES, leafAt } from './schema.ts';
import { nearest } from './suggest.ts';
import type { Problem, Setting } from './types.ts';

const PREFIX = 'RANGEMESH_';

/** Names with the prefix that steer the command line and are no keys of the configuration. */
const RESERVED: ReadonlySet<string> = new Set([
  'RANGEMESH_CONFIG',
  'RANGEMESH_URL',
  'RANGEMESH_TOKEN',
]);

/** The variable that sets `section.key`: `node.dataDir` is `RANGEMESH_NODE_DATA_DIR`. */
export function variableOf(section: string, key: string): string {
  return `${PREFIX}${section}_${key.replace('.', '_').replace(/[A-Z]/g, '_$&')}`.toUpperCase();
}

const VARIABLES: ReadonlyMap<string, string> = new Map(
  [...LEAVES].flatMap(([section, keys]) =>
    [...keys.keys()].map((key) => [variableOf(section, key), `${section}.${key}`] as const),
  ),
);

/** Sections by name, as they are written: not checked yet. */
export type RawConfig = Record<string, unknown>;

/** The content of a file; problems of the YAML itself have line and column. */
export function readFileLayer(text: string, file: string, problems: Problem[]): RawConfig {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    // Sets, dates and bytes are no values of a configuration: without them each tag is a warning.
    resolveKnownTags: false,
  });
  const faults = [...document.errors, ...document.warnings];
  for (const { message, pos } of faults) {
    const { line, col } = lineCounter.linePos(pos[0]);
    problems.push(problem(`${file}:${line}:${col}: not valid YAML: ${message}`));
  }
  if (faults.length > 0 || document.contents === null) return {};
  if (!isMap(document.contents)) {
    problems.push(problem(`${file}: must be a mapping of sections (${[...LEAVES.keys()]})`));
    return {};
  }
  try {
    const sections = Object.entries(treeOf(document.toJS({ maxAliasCount: 100 })) as RawConfig);
    // A section whose keys are all commented out reads as null, and means the defaults.
    return Object.fromEntries(sections.filter(([, keys]) => keys !== null));
  } catch (error) {
    problems.push(problem(`${file}: not valid YAML: ${(error as Error).message}`));
    return {};
  }
}

/** A copy in which no part stands twice: a setting laid over one place must not change another. */
function treeOf(value: unknown, above: readonly unknown[] = []): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) throw new Error('an alias stands within its own anchor');
  const within = [...above, value];
  if (Array.isArray(value)) return value.map((part) => treeOf(part, within));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, treeOf(part, within)]),
  );
}

/** Variables that Kubernetes sets in every pod for a service called rangemesh. */
const SERVICE_LINK =
  /^RANGEMESH_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

/** The settings of the environment; a name with our prefix that sets nothing is a problem. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  problems: Problem[],
): Setting[] {
  const settings: Setting[] = [];
  const links: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || RESERVED.has(name) || value === undefined) continue;
    const path = VARIABLES.get(name);
    if (path !== undefined) settings.push({ path, value, source: name });
    else if (SERVICE_LINK.test(name)) links.push(name);
    else problems.push(problem(unknownVariable(name)));
  }
  if (links.length > 0) problems.push(problem(serviceLinks(links)));
  return settings;
}

function serviceLinks(names: readonly string[]): string {
  return (
    `${names.join(', ')}: no keys of the configuration; Kubernetes sets these for a service called ` +
    'rangemesh: set enableServiceLinks: false in the pod, or give the service another name'
  );
}

function unknownVariable(name: string): string {
  const guess = nearest(name, [...VARIABLES.keys(), ...RESERVED]);
  const hint =
    guess === undefined ? 'variables are RANGEMESH_SECTION_KEY' : `did you mean ${guess}?`;
  return `${name}: unknown environment variable; ${hint}`;
}

/** Lays settings over a raw tree; a later setting wins. Returns the source of each path set. */
export function applySettings(
  raw: RawConfig,
  settings: readonly Setting[],
  problems: Problem[],
): Map<string, string> {
  const sources = new Map<string, string>();
  for (const { path, value, source } of settings) {
    if (leafAt(path) === undefined) {
      problems.push(problem(`${unknownKey(path)} (from ${source})`));
      continue;
    }
    const home = homeOf(raw, path.split('.').slice(0, -1));
    if (home === null) continue;
    home[path.split('.').at(-1)!] = readString(path, value);
    sources.set(path, source);
  }
  return sources;
}

/** The section that the names lead to, made where it is missing; null where something else stands. */
function homeOf(raw: RawConfig, names: readonly string[]): RawConfig | null {
  let home = raw;
  for (const name of names) {
    home[name] ??= {};
    if (typeof home[name] !== 'object') return null;
    home = home[name] as RawConfig;
  }
  return home;
}

/** The value that a string stands for. A string that does not fit stays as it is: the schema refuses it. */
function readString(path: string, value: string | readonly string[]): unknown {
  const leaf = leafAt(path)!;
  if (leaf.kind === 'list') {
    const parts = typeof value === 'string' ? value.split(',') : value;
    return parts.map((part) => part.trim()).filter((part) => part !== '');
  }
  const text = typeof value === 'string' ? value : value.join(',');
  if (leaf.nullable === true && text === '') return null;
  if (leaf.kind === 'boolean') return ({ true: true, false: false } as const)[text] ?? text;
  if (leaf.kind === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return text;
}
