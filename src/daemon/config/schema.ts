import { z } from 'zod';
import {
  DEFAULT_ANNOUNCE_OPTIONS,
  DEFAULT_FETCH_OPTIONS,
  DEFAULT_RECONCILE_OPTIONS,
  DEFAULT_SESSION_LIMITS,
} from '../../protocol/options.ts';
import { DEFAULT_INDEX, DEFAULT_LIMITS, DEFAULT_SCRUB } from '../../store/options.ts';
import { DEFAULT_DISCOVERY_OPTIONS, DEFAULT_MESH_OPTIONS } from '../mesh/options.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../replicator/options.ts';
import * as leaf from './leaves.ts';
import type { Config } from './types.ts';

/** Timers take no more than this many milliseconds (2^31-1). */
const MAX_MS = 2_147_483_647;

/** A section that is left out has the defaults of its keys. */
function section<T extends z.core.$ZodShape>(keys: T) {
  return z.strictObject(keys).prefault({} as z.input<z.ZodObject<T>>);
}

// A default stands beside the option of the part that a key steers. A number here is of a key that is
// no part's option, or says why the daemon differs from the library.

const node = section({
  dataDir: leaf.directory(
    'data',
    'Directory of the database, the identity key and the admin token',
  ),
});

const network = section({
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
    { min: 1, max: 1_000, fallback: DEFAULT_DISCOVERY_OPTIONS.degree },
    'Connections sought among discovered nodes; up to twice as many are kept',
  ),
  mdns: leaf.flag(false, 'Find peers in the local network by multicast DNS'),
  maxConnections: leaf.integer(
    { min: 1, max: 100_000, fallback: DEFAULT_MESH_OPTIONS.maxConnections },
    'Connections at most',
  ),
});

const access = section({
  mode: leaf.choice(['open', 'list', 'psk'], 'open', 'Who may connect, and so write'),
  peers: leaf.list(leaf.PEER, [], 'Peer ids let in when the mode is list'),
  pskFile: leaf.file('File with the pre-shared key when the mode is psk'),
});

const admin = section({
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
});

const sync = section({
  intervalMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: DEFAULT_REPLICATOR_OPTIONS.intervalMs },
    'Milliseconds between sessions with a peer when nothing else asks for one',
  ),
  intervalMinMs: leaf.integer(
    { min: 1_000, max: 86_400_000, fallback: DEFAULT_REPLICATOR_OPTIONS.intervalMinMs },
    'Shortest interval, to which differences cut it',
  ),
  intervalMaxMs: leaf.integer(
    { min: 1_000, max: 86_400_000, fallback: DEFAULT_REPLICATOR_OPTIONS.intervalMaxMs },
    'Longest interval, to which sessions that find nothing stretch it',
  ),
  jitter: leaf.fraction(
    DEFAULT_REPLICATOR_OPTIONS.jitter,
    'Part of the interval that chance adds or takes',
  ),
  settleMs: leaf.integer(
    { min: 0, max: MAX_MS, fallback: DEFAULT_REPLICATOR_OPTIONS.settleMs },
    'Milliseconds of quiet after local changes before a session tells the peers',
  ),
  settleMaxMs: leaf.integer(
    { min: 0, max: MAX_MS, fallback: DEFAULT_REPLICATOR_OPTIONS.settleMaxMs },
    'Milliseconds that changes which never stop may put such a session off',
  ),
  silenceMs: leaf.integer(
    { min: 100, max: 3_600_000, fallback: DEFAULT_REPLICATOR_OPTIONS.silenceMs },
    'Milliseconds without a change after which sessions look whether what was pushed arrived',
  ),
  catchUpItems: leaf.integer(
    { min: 1, max: 1_000_000_000, fallback: DEFAULT_REPLICATOR_OPTIONS.catchUpItems },
    'Items a peer has more than this node from which on it catches up from several peers at once',
  ),
  sliceItems: leaf.integer(
    { min: 256, max: 262_144, fallback: DEFAULT_REPLICATOR_OPTIONS.sliceItems },
    'Missing items that one peer lists at a time in a catch-up',
  ),
  frameTimeoutMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: DEFAULT_RECONCILE_OPTIONS.frameTimeoutMs },
    'Milliseconds to wait for the next frame of a session',
  ),
  sessionTimeoutMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: DEFAULT_RECONCILE_OPTIONS.sessionTimeoutMs },
    'Milliseconds a session may take as a whole',
  ),
  maxSessions: leaf.integer(
    { min: 1, max: 10_000, fallback: DEFAULT_RECONCILE_OPTIONS.maxSessions },
    'Sessions at the same time that this node begins, and as many again that peers begin',
  ),
  dialect: leaf.choice(
    ['auto', 'native', 'commonware'],
    'auto',
    'What is spoken with peers: native where they can, commonware where they cannot; or one alone',
  ),
  maxMessageBytes: leaf.size(
    { min: '4KiB', max: '8MiB', fallback: DEFAULT_SESSION_LIMITS.maxMessageBytes },
    'Longest message of a session',
  ),
});

const fetch = section({
  batchItems: leaf.integer(
    { min: 1, max: 65_536, fallback: DEFAULT_REPLICATOR_OPTIONS.batchItems },
    'Most items asked for in a request',
  ),
  requestsPerPeer: leaf.integer(
    { min: 1, max: 64, fallback: DEFAULT_REPLICATOR_OPTIONS.requestsPerPeer },
    'Requests under way to one peer at the same time; it answers four at a time',
  ),
  windowBytes: leaf.size(
    { min: '64KiB', max: '1GiB', fallback: DEFAULT_REPLICATOR_OPTIONS.windowBytes },
    'Fetched bytes, over all requests, that may wait for their commit',
  ),
  stallTimeoutMs: leaf.integer(
    { min: 100, max: MAX_MS, fallback: DEFAULT_FETCH_OPTIONS.stallTimeoutMs },
    'Milliseconds of waiting for 16 KiB or an answer after which another source is asked',
  ),
  expireAfterMs: leaf.integer(
    {
      min: 60_000,
      max: Number.MAX_SAFE_INTEGER,
      fallback: DEFAULT_REPLICATOR_OPTIONS.expireAfterMs,
    },
    'Milliseconds after which an item that one peer alone said to have is not wanted any more',
  ),
});

const push = section({
  enabled: leaf.flag(true, 'Tell peers of new items at once, and hear of theirs'),
  batchMs: leaf.integer(
    { min: 0, max: 10_000, fallback: DEFAULT_ANNOUNCE_OPTIONS.batchMs },
    'Milliseconds between two batches',
  ),
  inlineBytes: leaf.size(
    { min: '0B', max: '32KiB', fallback: DEFAULT_ANNOUNCE_OPTIONS.inlineBytes },
    'Longest payload that is pushed itself; of longer ones the key is',
  ),
  maxBytesPerSecond: leaf.size(
    { min: '64KiB', max: '1GiB', fallback: DEFAULT_ANNOUNCE_OPTIONS.maxBytesPerSecond },
    'Bytes pushed in a second at most; what comes faster is left to sessions',
  ),
});

const limits = section({
  maxItemBytes: leaf.size(
    { min: '1B', max: '1GiB', fallback: DEFAULT_LIMITS.maxItemBytes },
    'Longest payload taken, from clients and from peers',
  ),
  // `DEFAULT_LIMITS.maxSetBytes` is infinite, which no file can say.
  maxSetBytes: leaf.size(
    { min: '0B', max: '4096TiB', fallback: 0 },
    'Payload bytes held at most; 0: no limit',
  ),
  // Unlike in a replica alone: this disk is the daemon's to guard.
  minFreeBytes: leaf.size(
    { min: '0B', max: '4096TiB', fallback: 256 * 2 ** 20 },
    'Free bytes on the disk below which writing stops',
  ),
});

const store = section({
  cacheBytes: leaf.size(
    { min: '1MiB', max: '1TiB', fallback: DEFAULT_INDEX.cacheBytes },
    'Bytes of the index kept in memory',
  ),
  bufferItems: leaf.integer(
    { min: 1_024, max: 4_194_304, fallback: DEFAULT_INDEX.bufferItems },
    'Keys gathered in memory before they are merged into the index on disk',
  ),
});

const scrub = section({
  // Unlike in a replica alone: nobody else would find damage.
  itemsPerSecond: leaf.integer(
    { min: 0, max: 100_000, fallback: 20 },
    'Items read and checked in the background each second; 0: none',
  ),
  maxDamagedPerHour: leaf.integer(
    { min: 1, max: 1_000_000, fallback: DEFAULT_SCRUB.maxDamagedPerHour },
    'Damaged items within an hour at which checking stops with an alarm',
  ),
});

const log = section({
  level: leaf.choice(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'Least severe level that is logged',
  ),
});

const sections = { node, network, access, admin, sync, fetch, push, limits, store, scrub, log };

const schema = z.strictObject(sections).meta({ title: 'rangemesh configuration' });

/** Every key with what messages and the reading of strings need, by section and key. */
export const LEAVES: ReadonlyMap<string, ReadonlyMap<string, leaf.ConfigKey>> = new Map(
  Object.entries(sections).map(([name, type]) => {
    const keys = Object.entries<z.ZodType>(type.unwrap().shape);
    return [name, new Map(keys.map(([key, schema]) => [key, leaf.leafOf(schema)!]))];
  }),
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
