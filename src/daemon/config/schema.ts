import { z } from 'zod';
import { DEFAULT_INDEX, DEFAULT_SCRUB } from '../../store/options.ts';
import { LOG_LEVELS } from '../log/options.ts';
import {
  type ConfigKey,
  choice,
  directory,
  integer,
  leafOf,
  reloadable,
  section,
  size,
} from './leaves.ts';
import {
  access,
  admin,
  budgets,
  fetch,
  hints,
  limits,
  network,
  penalties,
  policy,
  push,
  quotas,
  retention,
  sync,
} from './sections/index.ts';
import type { Config } from './types.ts';

/**
 * A million items take 14 hours. The library checks nothing, since only its program knows when the disk is
 * idle; no other part of the daemon finds damage in items that are not read.
 */
const SCRUBBED_PER_SECOND = 20;

// A default stands beside the option that a key steers. A number here is of a key that is no option, or a
// comment says why the daemon differs from the library.

const node = section({
  dataDir: directory('data').describe(
    'Directory of the database, the identity key and the admin token',
  ),
});

const store = section({
  cacheBytes: size(['1MiB', '1TiB'], DEFAULT_INDEX.cacheBytes).describe(
    'Bytes of the index kept in memory',
  ),
  bufferItems: integer([1_024, 4_194_304], DEFAULT_INDEX.bufferItems).describe(
    'Keys gathered in memory before they are merged into the index on disk',
  ),
});

const scrub = section({
  itemsPerSecond: reloadable(integer([0, 100_000], SCRUBBED_PER_SECOND)).describe(
    'Items read and checked in the background each second; 0: none',
  ),
  maxDamagedPerHour: reloadable(integer([1, 1_000_000], DEFAULT_SCRUB.maxDamagedPerHour)).describe(
    'Damaged items within an hour at which checking stops with an alarm',
  ),
});

const log = section({
  level: reloadable(choice(LOG_LEVELS, 'info')).describe('Least severe level that is logged'),
});

const sections = {
  ...{ node, network, access, penalties, admin, sync, fetch, push, limits, hints, retention },
  ...{ budgets, policy, quotas, store, scrub, log },
};

const schema = z.strictObject(sections).meta({ title: 'rangemesh configuration' });

/** Facts by key; those of a section within a section by both names, as `tls.cert`. */
function leavesOf(type: z.ZodPrefault<z.ZodObject>): [string, ConfigKey][] {
  return Object.entries(type.unwrap().shape).flatMap(([key, schema]): [string, ConfigKey][] => {
    if (!(schema instanceof z.ZodPrefault) || !(schema.unwrap() instanceof z.ZodObject)) {
      return [[key, leafOf(schema as z.ZodType)!]];
    }
    const inner = leavesOf(schema as z.ZodPrefault<z.ZodObject>);
    return inner.map(([name, leaf]) => [`${key}.${name}`, leaf]);
  });
}

/** The facts of every key, by section and key. */
export const LEAVES: ReadonlyMap<string, ReadonlyMap<string, ConfigKey>> = new Map(
  Object.entries(sections).map(([name, type]) => {
    return [name, new Map(leavesOf(type))];
  }),
);

/** The facts of `section.key`, if there is such a key. */
export function leafAt(path: string): ConfigKey | undefined {
  const [section = '', ...key] = path.split('.');
  return LEAVES.get(section)?.get(key.join('.'));
}

/** Checks one raw tree; paths stay as they are. */
export function parseConfig(raw: unknown): z.ZodSafeParseResult<Config> {
  return schema.safeParse(raw);
}

/** The JSON Schema of a configuration file, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(schema, { io: 'input' });
}
