import type { z } from 'zod';
import { DaemonError } from '../errors.ts';
import { LEAVES, leafAt } from './schema.ts';
import { nearest } from './suggest.ts';
import type { Problem } from './types.ts';

export function problem(message: string): Problem {
  return { code: 'CONFIG_INVALID', message };
}

/** One error with every problem on a line of its own. */
export function configError(problems: readonly Problem[]): DaemonError {
  const messages = [...new Set(problems.map(({ message }) => message))];
  const only = messages.length === 1 ? problems[0] : undefined;
  const lines = [`${messages.length} problems in the configuration`, ...messages];
  return new DaemonError(
    only?.code ?? 'CONFIG_INVALID',
    only === undefined ? lines.join('\n  - ') : `configuration: ${only.message}`,
  );
}

/** Says why `section.key` is unknown and which keys there are. */
export function unknownKey(path: string): string {
  const [section = '', ...rest] = path.split('.');
  const key = rest.length === 0 ? undefined : rest.join('.');
  const keys = LEAVES.get(section);
  if (keys === undefined || key === undefined) return unknownSection(path, section, key);
  const guess = nearest(key, keys.keys());
  const hint = guess === undefined ? '' : `; did you mean ${section}.${guess}?`;
  return `${path}: unknown key${hint} (${section} has ${[...keys.keys()].join(', ')})`;
}

function unknownSection(path: string, section: string, key: string | undefined): string {
  if (LEAVES.has(section)) return `${path}: is a section; give one of its keys, ${keysOf(section)}`;
  const homes = [...LEAVES].filter(([, keys]) => keys.has(key ?? section));
  const guess = homes.length === 1 ? homes[0]![0] : nearest(section, LEAVES.keys());
  const rest = key ?? (homes.length === 1 ? section : undefined);
  const full = rest === undefined ? guess : `${guess}.${rest}`;
  const hint = guess === undefined ? '' : `; did you mean ${full}?`;
  return `${path}: unknown section${hint} (there are ${[...LEAVES.keys()].join(', ')})`;
}

function keysOf(section: string): string {
  return [...(LEAVES.get(section)?.keys() ?? [])].join(', ');
}

/** Where an issue of the schema lies: section, key, index; the path of each unknown key. */
export function wrongPaths(issue: z.core.$ZodIssue): string[][] {
  const path = issue.path.map(String);
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

/** The problems of an issue, each with path, reason and allowed values. */
export function describeIssue(
  issue: z.core.$ZodIssue,
  raw: unknown,
  sourceOf: (path: string) => string,
): Problem[] {
  const path = issue.path.map(String);
  const source = sourceOf(path.slice(0, 2).join('.'));
  if (issue.code === 'unrecognized_keys') {
    return wrongPaths(issue).map((unknown) => problem(`${unknownKey(unknown.join('.'))}${source}`));
  }
  const leaf = leafAt(path.slice(0, 2).join('.')) ?? leafAt(path.slice(0, 3).join('.'));
  const expected =
    (path.length > 2 ? leaf?.member : leaf?.expected) ??
    (path.length === 1 ? `a section with the keys ${keysOf(path[0]!)}` : 'a mapping of sections');
  const value = show(path.reduce<unknown>((tree, step) => Object(tree)[step], raw));
  return [problem(`${pathName(path)}: must be ${expected}, not ${value}${source}`)];
}

function pathName([section = 'the configuration', key, index]: readonly string[]): string {
  return `${section}${key === undefined ? '' : `.${key}`}${index === undefined ? '' : `[${index}]`}`;
}

function show(value: unknown): string {
  if (value === null) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
