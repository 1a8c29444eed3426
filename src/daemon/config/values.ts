import { LEAVES, leafAt } from './schema.ts';
import type { Config, ConfiguredKey } from './types.ts';

/** Every key, as `section.key`. */
export function configPaths(): string[] {
  return [...LEAVES].flatMap(([section, keys]) =>
    [...keys.keys()].map((key) => `${section}.${key}`),
  );
}

/** The value of `section.key`. */
export function valueAt(config: Config, path: string): unknown {
  return path.split('.').reduce<unknown>((tree, name) => Object(tree)[name], config);
}

/** Every key as `section.key`. */
export function configuredKeys(
  config: Config,
  originOf: (path: string) => Pick<ConfiguredKey, 'from' | 'source'>,
): Record<string, ConfiguredKey> {
  const keys = configPaths().map((path): [string, ConfiguredKey] => {
    const { from, source } = originOf(path);
    const reloadable = leafAt(path)?.reloadable === true;
    return [path, { value: valueAt(config, path), from, source, reloadable }];
  });
  return Object.fromEntries(keys);
}

/** Replaces the value of `section.key`. */
export function setValue(config: Config, path: string, value: unknown): void {
  const [, home, key] = /^(.*)\.([^.]*)$/.exec(path)!;
  (valueAt(config, home!) as Record<string, unknown>)[key!] = value;
}

/** A copy with the values of these keys taken from `other`. */
export function withValues(config: Config, other: Config, paths: Iterable<string>): Config {
  const copy = structuredClone(config);
  for (const path of paths) setValue(copy, path, valueAt(other, path));
  return copy;
}
