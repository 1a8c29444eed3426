import { peerIdFromString } from '@libp2p/peer-id';
import { z } from 'zod';
import { parses } from '../parses.ts';
// Not through the door of mesh/, which would load all of libp2p for a look at a configuration.
import { parseListenAddress, parsePeerAddress } from '../peer-address.ts';
import { parseSize, SIZE, sizeText } from '../size.ts';

/** What messages and the reading of strings need to know of one key. */
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
}

const leaves: z.core.$ZodRegistry<ConfigKey> = z.registry<ConfigKey>();

function leaf<T extends z.ZodType>(schema: T, description: string, facts: ConfigKey): T {
  const described = schema.meta({ description });
  leaves.add(described, facts);
  return described;
}

/** The facts of a schema made here; undefined for any other. */
export function leafOf(schema: z.ZodType): ConfigKey | undefined {
  return leaves.get(schema);
}

/** What a number or a size may be; the default of a size is in bytes. */
export interface ConfigRange<End> {
  min: End;
  max: End;
  fallback: number;
}

export function integer(
  { min, max, fallback }: ConfigRange<number>,
  description: string,
): z.ZodDefault<z.ZodInt> {
  return leaf(z.int().min(min).max(max).default(fallback), description, {
    expected: `a whole number from ${min} to ${max}`,
    kind: 'number',
  });
}

export function fraction(fallback: number, description: string): z.ZodDefault<z.ZodNumber> {
  return leaf(z.number().min(0).max(1).default(fallback), description, {
    expected: 'a number from 0 to 1',
    kind: 'number',
  });
}

export function size(
  { min, max, fallback }: ConfigRange<string>,
  description: string,
): z.ZodPrefault<z.ZodType<number, number | string>> {
  const [least, most] = [parseSize(min), parseSize(max)];
  const within = (value: number | string) => {
    const bytes = typeof value === 'number' ? value : parseSize(value);
    return bytes >= least && bytes <= most;
  };
  const schema = z
    .union([z.int().min(least).max(most), z.string().regex(SIZE)])
    .refine(within)
    .transform((value) => (typeof value === 'number' ? value : parseSize(value)));
  return leaf(schema.prefault(sizeText(fallback)), description, {
    expected: `a size from ${min} to ${max}, as bytes or such as 16MiB`,
    kind: 'text',
  });
}

export function flag(fallback: boolean, description: string): z.ZodDefault<z.ZodBoolean> {
  return leaf(z.boolean().default(fallback), description, {
    expected: 'true or false',
    kind: 'boolean',
  });
}

export function choice<const T extends readonly string[]>(
  values: T,
  fallback: T[number],
  description: string,
): z.ZodPrefault<z.ZodType<T[number], T[number]>> {
  return leaf(z.enum(values).prefault(fallback), description, {
    expected: `one of ${values.join(', ')}`,
    kind: 'text',
  });
}

export function text(
  { pattern, expected, fallback }: { pattern: RegExp; expected: string; fallback: string },
  description: string,
): z.ZodDefault<z.ZodString> {
  const schema = z.string().regex(pattern).default(fallback);
  return leaf(schema, description, { expected, kind: 'text' });
}

export function directory(fallback: string, description: string): z.ZodDefault<z.ZodString> {
  const schema = z.string().min(1).default(fallback);
  return leaf(schema, description, { expected: 'a directory', kind: 'text', path: true });
}

export function file(description: string): z.ZodDefault<z.ZodNullable<z.ZodString>> {
  return leaf(z.string().min(1).nullable().default(null), description, {
    expected: 'a file name, or null',
    kind: 'text',
    path: true,
    nullable: true,
  });
}

export interface ListMember {
  test: (text: string) => boolean;
  /** Completes "must be ...". */
  expected: string;
  /** Completes "must be a list of ...". */
  plural: string;
}

export function list(
  member: ListMember,
  fallback: string[],
  description: string,
): z.ZodDefault<z.ZodArray<z.ZodString>> {
  const schema = z.array(z.string().refine(member.test)).max(1024).default(fallback);
  return leaf(schema, description, {
    expected: `a list of at most 1024 ${member.plural}`,
    member: member.expected,
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
