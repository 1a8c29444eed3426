import { z } from 'zod';
import {
  DEFAULT_ANNOUNCE_OPTIONS,
  DEFAULT_FETCH_OPTIONS,
  DEFAULT_RECONCILE_OPTIONS,
  DEFAULT_SESSION_LIMITS,
} from '../../protocol/options.ts';
import { DEFAULT_INDEX, DEFAULT_LIMITS, DEFAULT_SCRUB } from '../../store/options.ts';
import { LOG_LEVELS } from '../log/options.ts';
import { DEFAULT_DISCOVERY_OPTIONS, DEFAULT_MESH_OPTIONS } from '../mesh/options.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../replicator/options.ts';
import {
  type ConfigKey,
  choice,
  directory,
  file,
  flag,
  fraction,
  HOST,
  integer,
  LISTEN_ADDRESS,
  leafOf,
  list,
  PEER,
  PEER_ADDRESS,
  reloadable,
  size,
  text,
} from './leaves.ts';
import type { Config } from './types.ts';

/**
 * Room for LevelDB to compact, and for the logs of the machine. The library leaves nothing free, since the
 * disk belongs to its program; this disk is the daemon's to guard.
 */
const MIN_FREE_BYTES = 256 * 2 ** 20;
/**
 * A million items take 14 hours. The library checks nothing, since only its program knows when the disk is
 * idle; no other part of the daemon finds damage in items that are not read.
 */
const SCRUBBED_PER_SECOND = 20;
/** The longest timer, in milliseconds (2^31-1). */
const MAX_MS = 2_147_483_647;

/** A section that is left out has the defaults of its keys. */
function section<T extends z.core.$ZodShape>(keys: T) {
  return z.strictObject(keys).prefault({} as z.input<z.ZodObject<T>>);
}

// A default stands beside the option that a key steers. A number here is of a key that is no option, or a
// comment says why the daemon differs from the library.

const node = section({
  dataDir: directory('data').describe(
    'Directory of the database, the identity key and the admin token',
  ),
});

const network = section({
  name: text({
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    expected: 'a name of at most 63 letters, digits, dots, dashes and underscores',
    fallback: 'rangemesh',
  }).describe(
    'Name of the mesh, part of the protocol ids: nodes of differently named networks never mix',
  ),
  listen: list(LISTEN_ADDRESS, ['/ip4/127.0.0.1/tcp/9463']).describe('Multiaddrs to listen on'),
  announce: list(LISTEN_ADDRESS, []).describe(
    'Multiaddrs told to peers instead of those listened on',
  ),
  peers: reloadable(list(PEER_ADDRESS, [])).describe(
    'Multiaddrs of peers to dial, and to dial again when lost',
  ),
  discovery: flag(true).describe('Learn of the other nodes from those connected, and be learnt of'),
  degree: integer([1, 1_000], DEFAULT_DISCOVERY_OPTIONS.degree).describe(
    'Connections sought among discovered nodes; up to twice as many are kept',
  ),
  mdns: flag(false).describe('Find peers in the local network by multicast DNS'),
  maxConnections: integer([2, 100_000], DEFAULT_MESH_OPTIONS.maxConnections).describe(
    'Most connections at a time; at least twice network.degree',
  ),
  reservedConnections: integer([0, 100_000], DEFAULT_MESH_OPTIONS.reservedConnections).describe(
    'Of them, at most half: kept for peers of network.peers and access.peers',
  ),
  maxConnectionsPerAddress: reloadable(
    integer([1, 100_000], DEFAULT_MESH_OPTIONS.maxConnectionsPerAddress),
  ).describe('Most connections from one IP address; loopback is not counted'),
  maxConnectionsPerSubnet: reloadable(
    integer([1, 100_000], DEFAULT_MESH_OPTIONS.maxConnectionsPerSubnet),
  ).describe('Most connections from a /24 of IPv4 or a /64 of IPv6; loopback is not counted'),
});

const access = section({
  mode: choice(['open', 'list', 'psk'], 'open').describe('Who may connect, and so write'),
  peers: reloadable(list(PEER, [])).describe('Peer ids let in when the mode is list'),
  pskFile: file().describe('File with the pre-shared key when the mode is psk'),
});

const admin = section({
  host: text({
    pattern: /^(?:[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+)$/,
    expected: 'a host name or IP address to bind, without scheme and port',
    fallback: '127.0.0.1',
  }).describe('Address of the admin endpoint; beyond loopback admin.tokenFile must be set'),
  port: integer([0, 65_535], 9464).describe('Port of the admin endpoint; 0: any'),
  tokenFile: file().describe('File with the bearer token; null: admin.token in node.dataDir'),
  allowedHosts: list(HOST, []).describe('Host names accepted besides loopback and admin.host'),
  readToken: flag(false).describe('Reading needs the token on loopback too; probes never do'),
  socket: file().describe('Unix domain socket, mode 0600, that needs no token; null: none'),
  tls: section({
    cert: file().describe('File with the certificate, in PEM; the port then speaks HTTPS'),
    key: file().describe('File with the private key of the certificate, in PEM'),
  }),
});

const sync = section({
  intervalMs: integer([100, MAX_MS], DEFAULT_REPLICATOR_OPTIONS.intervalMs).describe(
    'Milliseconds between sessions with a peer when nothing else asks for one',
  ),
  intervalMinMs: integer([1_000, 86_400_000], DEFAULT_REPLICATOR_OPTIONS.intervalMinMs).describe(
    'Shortest interval, to which differences cut it',
  ),
  intervalMaxMs: integer([1_000, 86_400_000], DEFAULT_REPLICATOR_OPTIONS.intervalMaxMs).describe(
    'Longest interval, to which sessions that find nothing stretch it',
  ),
  jitter: fraction(DEFAULT_REPLICATOR_OPTIONS.jitter).describe(
    'Part of the interval that chance adds or takes',
  ),
  settleMs: integer([0, MAX_MS], DEFAULT_REPLICATOR_OPTIONS.settleMs).describe(
    'Milliseconds of quiet after local changes before a session tells the peers',
  ),
  settleMaxMs: integer([0, MAX_MS], DEFAULT_REPLICATOR_OPTIONS.settleMaxMs).describe(
    'Most milliseconds that unceasing changes may put such a session off',
  ),
  silenceMs: integer([100, 3_600_000], DEFAULT_REPLICATOR_OPTIONS.silenceMs).describe(
    'Milliseconds without a change after which sessions check that all pushes arrived',
  ),
  proveMs: integer([1_000, 86_400_000], DEFAULT_REPLICATOR_OPTIONS.proveMs).describe(
    'Milliseconds within which equality with each peer is proved again while items are written',
  ),
  catchUpItems: integer([1, 1_000_000_000], DEFAULT_REPLICATOR_OPTIONS.catchUpItems).describe(
    'Items a peer has more than this node from which on it catches up from several peers at once',
  ),
  sliceItems: integer([256, 262_144], DEFAULT_REPLICATOR_OPTIONS.sliceItems).describe(
    'Missing items that one peer lists at a time in a catch-up',
  ),
  frameTimeoutMs: integer([100, MAX_MS], DEFAULT_RECONCILE_OPTIONS.frameTimeoutMs).describe(
    'Milliseconds to wait for the next frame of a session',
  ),
  sessionTimeoutMs: integer([100, MAX_MS], DEFAULT_RECONCILE_OPTIONS.sessionTimeoutMs).describe(
    'Milliseconds a session may take as a whole',
  ),
  maxSessions: integer([1, 10_000], DEFAULT_RECONCILE_OPTIONS.maxSessions).describe(
    'Sessions at the same time that this node begins, and as many again that peers begin',
  ),
  dialect: choice(['auto', 'native', 'commonware'], 'auto').describe(
    'Dialects of sessions: native with peers that speak it, else commonware; or one of them alone',
  ),
  maxMessageBytes: size(['4KiB', '8MiB'], DEFAULT_SESSION_LIMITS.maxMessageBytes).describe(
    'Longest message of a session',
  ),
});

const fetch = section({
  batchItems: integer([1, 65_536], DEFAULT_REPLICATOR_OPTIONS.batchItems).describe(
    'Most items asked for in a request',
  ),
  requestsPerPeer: integer([1, 64], DEFAULT_REPLICATOR_OPTIONS.requestsPerPeer).describe(
    'Requests under way to one peer at the same time; it answers four at a time',
  ),
  windowBytes: size(['64KiB', '1GiB'], DEFAULT_REPLICATOR_OPTIONS.windowBytes).describe(
    'Fetched bytes, over all requests, that may wait for their commit',
  ),
  answerBytes: size(['1MiB', '16GiB'], DEFAULT_FETCH_OPTIONS.answerBytes).describe(
    'Bytes of answers to all peers together that are held in memory',
  ),
  stallTimeoutMs: integer([100, MAX_MS], DEFAULT_FETCH_OPTIONS.stallTimeoutMs).describe(
    'Milliseconds of waiting for 16 KiB or an answer after which another source is asked',
  ),
  expireAfterMs: integer(
    [60_000, Number.MAX_SAFE_INTEGER],
    DEFAULT_REPLICATOR_OPTIONS.expireAfterMs,
  ).describe(
    'Milliseconds after which an item that does not come is not wanted any more; four times as long if confirmed',
  ),
});

const push = section({
  enabled: flag(true).describe('Tell peers of new items at once, and hear of theirs'),
  batchMs: integer([0, 10_000], DEFAULT_ANNOUNCE_OPTIONS.batchMs).describe(
    'Milliseconds between two batches',
  ),
  inlineBytes: size(['0B', '32KiB'], DEFAULT_ANNOUNCE_OPTIONS.inlineBytes).describe(
    'Longest payload that is pushed; of longer payloads only the key is pushed',
  ),
  maxBytesPerSecond: size(['64KiB', '1GiB'], DEFAULT_ANNOUNCE_OPTIONS.maxBytesPerSecond).describe(
    'Most bytes pushed in a second; sessions bring the rest',
  ),
  overloadMs: integer([10, 60_000], DEFAULT_ANNOUNCE_OPTIONS.overloadMs).describe(
    'Mean delay of the event loop, in milliseconds, above which push is left to sessions',
  ),
});

const limits = section({
  maxItemBytes: size(['1B', '1GiB'], DEFAULT_LIMITS.maxItemBytes).describe(
    'Longest payload taken, from clients and from peers',
  ),
  // The defaults of these two are infinite in `DEFAULT_LIMITS`, which no file can say.
  maxSetBytes: reloadable(size(['0B', '4096TiB'], 0)).describe(
    'Most bytes that the items may take on disk: payloads and 228 for each; 0: no limit',
  ),
  maxItems: reloadable(integer([0, Number.MAX_SAFE_INTEGER], 0)).describe(
    'Most items held; 0: no limit',
  ),
  minFreeBytes: reloadable(size(['0B', '4096TiB'], MIN_FREE_BYTES)).describe(
    'Free bytes on the disk below which writing stops',
  ),
  publisherBytesPerSecond: reloadable(
    size(['1KiB', '1TiB'], DEFAULT_REPLICATOR_OPTIONS.publisherBytesPerSecond),
  ).describe(
    'Most bytes on disk by pushed items of one publisher in a second; sessions bring more',
  ),
  peerBytesPerSecond: reloadable(
    size(['1KiB', '1TiB'], DEFAULT_REPLICATOR_OPTIONS.peerBytesPerSecond),
  ).describe('Most bytes on disk by items that one peer brings in a second; more must wait'),
  peerBytesPerDay: reloadable(
    size(['0B', '4096TiB'], DEFAULT_REPLICATOR_OPTIONS.peerBytesPerDay),
  ).describe(
    'Most bytes on disk by items that one peer brings in a day; more must wait; 0: no limit',
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

const sections = { node, network, access, admin, sync, fetch, push, limits, store, scrub, log };

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
