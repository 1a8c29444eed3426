import { peerIdFromString } from '@libp2p/peer-id';
import { z } from 'zod';
import { parses } from '../parses.ts';
// Not through the door of mesh/, which would load all of libp2p for a look at a configuration.
import { parseListenAddress, parsePeerAddress } from '../peer-address.ts';
import { fromIsoTime } from '../system/index.ts';
import {
  DURATION,
  durationText,
  parseDuration,
  parseSize,
  SIZE,
  sizeText,
} from '../units/index.ts';

/** Facts of a key for messages and for the reading of strings. */
export interface ConfigKey {
  /** Completes "must be ...". */
  readonly expected: string;
  /** Completes "must be ..." for one member of a list. */
  readonly member?: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'list';
  /** A path, taken relative to the file it is written in. */
  readonly path?: boolean;
  /** An empty string means null. */
  readonly nullable?: boolean;
  /** A running daemon takes a new value when it reads its configuration again. */
  readonly reloadable?: boolean;
}

const leaves: z.core.$ZodRegistry<ConfigKey> = z.registry<ConfigKey>();

/** The facts of a schema made here, or of a described copy of one; undefined for any other. */
export function leafOf(schema: z.ZodType): ConfigKey | undefined {
  return leaves.get(schema);
}

/** Marks a key whose new value a running daemon takes. */
export function reloadable<T extends z.ZodType>(schema: T): T {
  leaves.add(schema, { ...leafOf(schema)!, reloadable: true });
  return schema;
}

/** A section of the configuration. */
export type Section<Values> = z.ZodPrefault<
  z.ZodObject<{ [Key in keyof Values]: z.ZodType<Values[Key]> }>
>;

/** A section that is left out has the defaults of its keys. */
export function section<T extends z.core.$ZodShape>(keys: T): z.ZodPrefault<z.ZodObject<T>> {
  return z.strictObject(keys).prefault({} as z.input<z.ZodObject<T>>);
}

/** The longest timer, in milliseconds (2^31-1). */
export const MAX_MS = 2_147_483_647;

export function integer(
  [min, max]: readonly [min: number, max: number],
  fallback: number,
): z.ZodDefault<z.ZodInt> {
  const expected = `a whole number from ${min} to ${max}`;
  const schema = z.int().min(min).max(max).default(fallback);
  return schema.register(leaves, { expected, kind: 'number' });
}

export function fraction(fallback: number): z.ZodDefault<z.ZodNumber> {
  const schema = z.number().min(0).max(1).default(fallback);
  return schema.register(leaves, { expected: 'a number from 0 to 1', kind: 'number' });
}

/** The default is in bytes. */
export function size(
  [min, max]: readonly [min: string, max: string],
  fallback: number,
): z.ZodPrefault<z.ZodType<number, number | string>> {
  const bytes = z.int().min(parseSize(min)).max(parseSize(max));
  const written = z.string().regex(SIZE).transform(parseSize).pipe(bytes);
  const expected = `a size from ${min} to ${max}, as bytes or such as 16MiB`;
  const schema = z.union([bytes, written]).prefault(sizeText(fallback));
  return schema.register(leaves, { expected, kind: 'text' });
}

/** The default is in milliseconds. */
export function duration(
  [min, max]: readonly [min: string, max: string],
  fallback: number,
): z.ZodPrefault<z.ZodType<number, number | string>> {
  const ms = z.int().min(parseDuration(min)).max(parseDuration(max));
  const written = z.string().regex(DURATION).transform(parseDuration).pipe(ms);
  const expected = `a duration from ${min} to ${max}, as milliseconds or such as 12h`;
  const schema = z.union([ms, written]).prefault(durationText(fallback));
  return schema.register(leaves, { expected, kind: 'text' });
}

/** The highest hint of an item (2^64-2). */
const MAX_HINT = 2n ** 64n - 2n;

/** A hint in decimal digits, which no number of YAML holds as it is. */
export function hint(fallback: bigint): z.ZodPrefault<z.ZodType<string, number | string>> {
  const digits = z.string().refine((text) => /^\d{1,20}$/.test(text) && BigInt(text) <= MAX_HINT);
  const written = z.int().min(0).transform(String);
  const expected = `a hint from 0 to ${MAX_HINT}`;
  const schema = z.union([written, digits]).prefault(`${fallback}`);
  return schema.register(leaves, { expected, kind: 'text' });
}

export function flag(fallback: boolean): z.ZodDefault<z.ZodBoolean> {
  const schema = z.boolean().default(fallback);
  return schema.register(leaves, { expected: 'true or false', kind: 'boolean' });
}

export function choice<const T extends readonly string[]>(
  values: T,
  fallback: T[number],
): z.ZodPrefault<z.ZodType<T[number], T[number]>> {
  const schema = z.enum(values).prefault(fallback);
  return schema.register(leaves, { expected: `one of ${values.join(', ')}`, kind: 'text' });
}

export function text({
  pattern,
  expected,
  fallback,
}: {
  pattern: RegExp;
  expected: string;
  fallback: string;
}): z.ZodDefault<z.ZodString> {
  const schema = z.string().regex(pattern).default(fallback);
  return schema.register(leaves, { expected, kind: 'text' });
}

export function directory(fallback: string): z.ZodDefault<z.ZodString> {
  const schema = z.string().min(1).default(fallback);
  return schema.register(leaves, { expected: 'a directory', kind: 'text', path: true });
}

/** Null by default. */
export function file(): z.ZodDefault<z.ZodNullable<z.ZodString>> {
  const expected = 'a file name, or null';
  const schema = z.string().min(1).nullable().default(null);
  return schema.register(leaves, { expected, kind: 'text', path: true, nullable: true });
}

/** A moment in ISO 8601 with its offset; null by default. */
export function instant(): z.ZodDefault<z.ZodNullable<z.ZodString>> {
  const expected = 'a time such as 2027-01-31T12:00:00Z, or null';
  const exists = (text: string) => !Number.isNaN(fromIsoTime(text));
  const schema = z.string().refine(exists).nullable().default(null);
  return schema.register(leaves, { expected, kind: 'text', nullable: true });
}

export interface ListMember {
  test: (text: string) => boolean;
  /** Completes "must be ...". */
  expected: string;
  /** Completes "must be a list of ...". */
  plural: string;
}

export function list(
  { test, expected, plural }: ListMember,
  fallback: string[],
): z.ZodDefault<z.ZodArray<z.ZodString>> {
  return z
    .array(z.string().refine(test))
    .max(1024)
    .default(fallback)
    .register(leaves, {
      expected: `a list of at most 1024 ${plural}`,
      member: expected,
      kind: 'list',
    });
}

export const LISTEN_ADDRESS: ListMember = {
  test: parses(parseListenAddress),
  expected: 'a TCP multiaddr such as /ip4/0.0.0.0/tcp/9463',
  plural: 'TCP multiaddrs such as /ip4/0.0.0.0/tcp/9463',
};

export const PEER_ADDRESS: ListMember = {
  test: parses(parsePeerAddress),
  expected:
    'a TCP multiaddr such as /dns4/b.example.org/tcp/9463, perhaps with /p2p/ and a peer id',
  plural: 'TCP multiaddrs such as /dns4/b.example.org/tcp/9463',
};

export const WORD: ListMember = {
  test: (word) => word !== '' && !word.includes('\0'),
  expected: 'a word of a command',
  plural: 'words of a command',
};

export const PEER: ListMember = {
  test: parses(peerIdFromString),
  expected: 'a peer id such as 12D3KooW..., as the status of that node shows it',
  plural: 'peer ids such as 12D3KooW...',
};

export const HOST: ListMember = {
  test: (host) => /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[?[0-9A-Fa-f:]+\]?)$/.test(host),
  expected: 'a host name or IP address without scheme and port',
  plural: 'host names or IP addresses without scheme and port',
};
