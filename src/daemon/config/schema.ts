import { z } from 'zod';
import * as leaf from './leaves.ts';
import type { Config } from './types.ts';

/** Timers take no more than this many milliseconds (2^31-1). */
const MAX_MS = 2_147_483_647;

const node = {
  dataDir: leaf.directory(
    'data',
    'Directory of the database, the identity key and the admin token',
  ),
};

const network = {
  name: leaf.text(
    {
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      expected: 'a name of at most 63 letters, digits, dots, dashes and underscores',
      fallback: 'rangemesh',
    },
    'Name of the mesh, part of the protocol ids: nodes of differently named networks never mix',
  ),
  listen: leaf.list(leaf.LISTEN_ADDRESS, ['/ip4/127.0.0.1/tcp/9463'], 'Multiaddrs to listen on'),
  announce: leaf.list(
    leaf.LISTEN_ADDRESS,
    [],
    'Multiaddrs told to peers instead of those listened on',
  ),
  peers: leaf.list(
    leaf.PEER_ADDRESS,
    [],
    'Multiaddrs of peers to dial, and to dial again when lost',
  ),
  discovery: leaf.flag(true, 'Learn of the other nodes from those connected, and be learnt of'),
  degree: leaf.integer(
    { min: 1, max: 1_000, fallback: 8 },
    'Connections sought among discovered nodes; up to twice as many are kept',
  ),
  mdns: leaf.flag(false, 'Find peers in the local network by multicast DNS'),
  maxConnections: leaf.integer({ min: 1, max: 100_000, fallback: 300 }, 'Connections at most'),
};

const access = {
  mode: leaf.choice(['open', 'list', 'psk'], 'open', 'Who may connect, and so write'),
  peers: leaf.list(leaf.PEER, [], 'Peer ids let in when the mode is list'),
  pskFile: leaf.file('File with the pre-shared key when the mode is psk'),
};

const admin = {
  host: leaf.text(
    {
      pattern: /^(?:[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+)$/,
      expected: 'a host name or IP address to bind, without scheme and port',
      fallback: '127.0.0.1',
    },
    'Address of the admin endpoint; beyond loopback admin.tokenFile must be set',
  ),
  port: leaf.integer({ min: 0, max: 65_535, fallback: 9464 }, 'Port of the admin endpoint; 0: any'),
  tokenFile: leaf.file('File with the bearer token; null: admin.token in node.dataDir'),
  allowedHosts: leaf.list(leaf.HOST, [], 'Host names accepted besides loopback and admin.host'),
};

const sync = {
  intervalMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: 30_000 },
    'Milliseconds between sessions with a peer when nothing else asks for one',
  ),
  intervalMinMs: leaf.integer(
    { min: 1_000, max: 86_400_000, fallback: 5_000 },
    'Shortest interval, to which differences cut it',
  ),
  intervalMaxMs: leaf.integer(
    { min: 1_000, max: 86_400_000, fallback: 300_000 },
    'Longest interval, to which sessions that find nothing stretch it',
  ),
  jitter: leaf.fraction(0.2, 'Part of the interval that chance adds or takes'),
  settleMs: leaf.integer(
    { min: 0, max: MAX_MS, fallback: 250 },
    'Milliseconds of quiet after local changes before a session tells the peers',
  ),
  settleMaxMs: leaf.integer(
    { min: 0, max: MAX_MS, fallback: 2_000 },
    'Milliseconds that changes which never stop may put such a session off',
  ),
  silenceMs: leaf.integer(
    { min: 100, max: 3_600_000, fallback: 2_000 },
    'Milliseconds without a change after which sessions look whether what was pushed arrived',
  ),
  catchUpItems: leaf.integer(
    { min: 1, max: 1_000_000_000, fallback: 10_000 },
    'Items a peer has more than this node from which on it catches up from several peers at once',
  ),
  sliceItems: leaf.integer(
    { min: 256, max: 262_144, fallback: 16_384 },
    'Missing items that one peer lists at a time in a catch-up',
  ),
  frameTimeoutMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: 10_000 },
    'Milliseconds to wait for the next frame of a session',
  ),
  sessionTimeoutMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: 300_000 },
    'Milliseconds a session may take as a whole',
  ),
  maxSessions: leaf.integer(
    { min: 1, max: 10_000, fallback: 8 },
    'Sessions at the same time that this node begins, and as many again that peers begin',
  ),
  dialect: leaf.choice(
    ['auto', 'native', 'commonware'],
    'auto',
    'What is spoken with peers: native where they can, commonware where they cannot; or one alone',
  ),
  maxMessageBytes: leaf.size(
    { min: '4KiB', max: '8MiB', fallback: '1MiB' },
    'Longest message of a session',
  ),
};

const fetch = {
  batchItems: leaf.integer(
    { min: 1, max: 65_536, fallback: 1_024 },
    'Most items asked for in a request',
  ),
  requestsPerPeer: leaf.integer(
    { min: 1, max: 64, fallback: 2 },
    'Requests under way to one peer at the same time; it answers four at a time',
  ),
  windowBytes: leaf.size(
    { min: '64KiB', max: '1GiB', fallback: '8MiB' },
    'Fetched bytes, over all requests, that may wait for their commit',
  ),
  stallTimeoutMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: 10_000 },
    'Milliseconds of waiting for 16 KiB or an answer after which another source is asked',
  ),
  expireAfterMs: leaf.integer(
    { min: 60_000, max: Number.MAX_SAFE_INTEGER, fallback: 604_800_000 },
    'Milliseconds after which an item that one peer alone said to have is not wanted any more',
  ),
};

const push = {
  enabled: leaf.flag(true, 'Tell peers of new items at once, and hear of theirs'),
  batchMs: leaf.integer({ min: 0, max: 10_000, fallback: 5 }, 'Milliseconds between two batches'),
  inlineBytes: leaf.size(
    { min: '0B', max: '32KiB', fallback: '4KiB' },
    'Longest payload that is pushed itself; of longer ones the key is',
  ),
  maxBytesPerSecond: leaf.size(
    { min: '64KiB', max: '1GiB', fallback: '1MiB' },
    'Bytes pushed in a second at most; what comes faster is left to sessions',
  ),
};

const limits = {
  maxItemBytes: leaf.size(
    { min: '1B', max: '1GiB', fallback: '16MiB' },
    'Longest payload taken, from clients and from peers',
  ),
  maxSetBytes: leaf.size(
    { min: '0B', max: '4096TiB', fallback: '0' },
    'Payload bytes held at most; 0: no limit',
  ),
  minFreeBytes: leaf.size(
    { min: '0B', max: '4096TiB', fallback: '256MiB' },
    'Free bytes on the disk below which writing stops',
  ),
};

const store = {
  cacheBytes: leaf.size(
    { min: '1MiB', max: '1TiB', fallback: '64MiB' },
    'Bytes of the index kept in memory',
  ),
  bufferItems: leaf.integer(
    { min: 1_024, max: 4_194_304, fallback: 65_536 },
    'Keys gathered in memory before they are merged into the index on disk',
  ),
};

const scrub = {
  itemsPerSecond: leaf.integer(
    { min: 0, max: 100_000, fallback: 20 },
    'Items read and checked in the background each second; 0: none',
  ),
  maxDamagedPerHour: leaf.integer(
    { min: 1, max: 1_000_000, fallback: 100 },
    'Damaged items within an hour at which checking stops with an alarm',
  ),
};

const log = {
  level: leaf.choice(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'Least severe level that is logged',
  ),
};

const sections = { node, network, access, admin, sync, fetch, push, limits, store, scrub, log };

const schema = z
  .strictObject({
    node: z.strictObject(node).prefault({}),
    network: z.strictObject(network).prefault({}),
    access: z.strictObject(access).prefault({}),
    admin: z.strictObject(admin).prefault({}),
    sync: z.strictObject(sync).prefault({}),
    fetch: z.strictObject(fetch).prefault({}),
    push: z.strictObject(push).prefault({}),
    limits: z.strictObject(limits).prefault({}),
    store: z.strictObject(store).prefault({}),
    scrub: z.strictObject(scrub).prefault({}),
    log: z.strictObject(log).prefault({}),
  })
  .meta({ title: 'rangemesh configuration' });

/** Every key with what messages and the reading of strings need, by section and key. */
export const LEAVES: ReadonlyMap<string, ReadonlyMap<string, leaf.ConfigKey>> = new Map(
  Object.entries<Record<string, z.ZodType>>(sections).map(([section, keys]) => [
    section,
    new Map(Object.entries(keys).map(([key, type]) => [key, leaf.leafOf(type)!])),
  ]),
);

/** The facts of `section.key`, if there is such a key. */
export function leafAt(path: string): leaf.ConfigKey | undefined {
  const [section = '', key = '', ...rest] = path.split('.');
  return rest.length === 0 ? LEAVES.get(section)?.get(key) : undefined;
}

/** Checks one raw tree; paths stay as they are. */
export function parseConfig(raw: unknown): z.ZodSafeParseResult<Config> {
  return schema.safeParse(raw);
}

/** The JSON Schema of a configuration file, for editors. */
export function configJsonSchema(): object {
  return z.toJSONSchema(schema, { io: 'input' });
}
