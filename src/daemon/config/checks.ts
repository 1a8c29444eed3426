import { MIN_BYTES_PER_SECOND } from '../budgets/index.ts';
import { isLoopback, isLoopbackHost, parseListenAddress } from '../peer-address.ts';
import { problem } from './problems.ts';
import type { Config, Problem } from './types.ts';

interface ConfigCheck {
  /** The keys that it reads, as `section.key`. */
  readonly reads: readonly string[];
  /** A message, or a problem with a code of its own, if the keys contradict each other. */
  readonly run: (config: Config, given: CheckInit['given']) => string | Problem | undefined;
}

/** A peer id stands in one of them at most. */
const ACCESS_LISTS = ['peers', 'read', 'write', 'deny'] as const;

/** 1 January 2100, in milliseconds. */
const YEAR_2100 = 4_102_444_800_000n;

const CHECKS: readonly ConfigCheck[] = [
  { reads: ['access.mode', 'network.listen'], run: checkExposure },
  { reads: ['network.degree', 'network.maxConnections'], run: checkDegree },
  { reads: ['access.mode', 'access.pskFile'], run: checkPsk },
  { reads: ['access.mode', 'access.pskFileOld', 'access.pskOldUntil'], run: checkOldPsk },
  { reads: ['access.mode', 'access.peers'], run: checkList },
  { reads: ACCESS_LISTS.map((name) => `access.${name}`), run: checkLists },
  { reads: ['admin.host', 'admin.tokenFile'], run: checkAdmin },
  { reads: ['admin.tls.cert', 'admin.tls.key'], run: checkTls },
  { reads: ['retention.maxAge', 'hints.unit'], run: checkAge },
  { reads: ['retention.minHint', 'hints.unit'], run: checkMinHint },
  { reads: ['retention.maxBytes', 'limits.maxSetBytes'], run: checkRetainedBytes },
  {
    reads: ['retention.maxBytes', 'hints.unit', 'hints.maxAhead', 'access.mode'],
    run: checkForgedHints,
  },
  atLeast('uploadBytesPerSecond'),
  atLeast('downloadBytesPerSecond'),
  atLeast('peerUploadBytesPerSecond'),
  atLeast('peerDownloadBytesPerSecond'),
  { reads: ['policy.command', 'policy.module'], run: checkPolicy },
  atMost('frameTimeoutMs', 'sessionTimeoutMs'),
  atMost('settleMs', 'settleMaxMs'),
];

export interface CheckInit {
  config: Config;
  /** Whether a `section.key` was written anywhere, rather than left at its default. */
  given: (path: string) => boolean;
  /** Whether `section.key` is as the operator meant it; a check that reads another key is left out. */
  sound: (path: string) => boolean;
}

/** The problems that no single key shows: keys that contradict each other. */
export function checkConfig({ config, given, sound }: CheckInit): Problem[] {
  return CHECKS.filter(({ reads }) => reads.every(sound)).flatMap(({ run }) => {
    const found = run(config, given) ?? [];
    return typeof found === 'string' ? problem(found) : found;
  });
}

function checkExposure({ network }: Config, given: CheckInit['given']): string | undefined {
  const exposed = network.listen.filter((address) => !isLoopback(parseListenAddress(address)));
  if (exposed.length === 0 || given('access.mode')) return undefined;
  return (
    `access.mode: must be given when network.listen goes beyond loopback (${exposed.join(', ')}): ` +
    'list or psk, or open if every node that reaches the port may connect and write'
  );
}

function checkDegree({ network }: Config, given: CheckInit['given']): string | undefined {
  const { degree, maxConnections } = network;
  if (2 * degree <= maxConnections) return undefined;
  return given('network.maxConnections') && !given('network.degree')
    ? `network.maxConnections: must be at least twice network.degree (${degree}), not ${maxConnections}; ` +
        'raise it, or lower network.degree'
    : `network.degree: must be at most half of network.maxConnections (${maxConnections}), not ${degree}`;
}

function checkPsk({ access: { mode, pskFile } }: Config): string | undefined {
  if (mode === 'psk' && pskFile === null) {
    return 'access.pskFile: must name the file with the key when access.mode is psk; "rangemesh keygen psk --out FILE" makes one';
  }
  if (mode === 'psk' || pskFile === null) return undefined;
  return `access.pskFile: has no effect when access.mode is ${mode}; remove it, or set the mode to psk`;
}

function checkOldPsk({ access: { mode, pskFileOld, pskOldUntil } }: Config): string | undefined {
  if (pskFileOld !== null && mode !== 'psk') {
    return `access.pskFileOld: has no effect when access.mode is ${mode}; remove it, or set the mode to psk`;
  }
  if (pskFileOld !== null || pskOldUntil === null) return undefined;
  return 'access.pskOldUntil: has no effect without access.pskFileOld; remove it, or name the file with the old key';
}

function checkList({ access: { mode, peers } }: Config): string | undefined {
  if (mode === 'list' || peers.length === 0) return undefined;
  return `access.peers: has no effect when access.mode is ${mode}; remove it, or set the mode to list`;
}

function checkLists({ access }: Config): string | undefined {
  const named = new Map<string, string>();
  for (const name of ACCESS_LISTS) {
    for (const peer of new Set(access[name])) {
      const other = named.get(peer);
      if (other !== undefined) {
        return `access.${name}: names ${peer}, as access.${other} does; take the id out of one of them`;
      }
      named.set(peer, name);
    }
  }
  return undefined;
}

function checkPolicy({ policy: { command, module } }: Config): string | undefined {
  if (command.length === 0 || module === null) return undefined;
  return 'policy.module: must be null when policy.command is given; one of them decides';
}

function checkAdmin({ admin: { host, tokenFile } }: Config): Problem | undefined {
  if (isLoopbackHost(host) || tokenFile !== null) return undefined;
  return { code: 'ADMIN_EXPOSED', message: exposedMessage(host) };
}

function checkTls({ admin: { tls } }: Config): string | undefined {
  if ((tls.cert === null) === (tls.key === null)) return undefined;
  const [given, missing] = tls.cert === null ? ['key', 'cert'] : ['cert', 'key'];
  return `admin.tls.${missing}: must be given with admin.tls.${given}; TLS needs a certificate and its key`;
}

function checkAge({ retention, hints }: Config): string | undefined {
  if (retention.maxAge === 0 || hints.unit === 'milliseconds') return undefined;
  return (
    'retention.maxAge: has a meaning only where hints are times: set hints.unit to milliseconds, ' +
    'or keep items by retention.minHint or retention.maxBytes'
  );
}

/** A hint in another unit would remove everything, and a floor never falls. */
function checkMinHint({ retention: { minHint }, hints }: Config): string | undefined {
  if (hints.unit !== 'milliseconds' || BigInt(minHint) < YEAR_2100) return undefined;
  return (
    `retention.minHint: must be a time in milliseconds before the year 2100, not ${minHint}: ` +
    'a higher floor removes all items for good'
  );
}

function checkRetainedBytes({ retention, limits }: Config): string | undefined {
  const { maxBytes } = retention;
  const { maxSetBytes } = limits;
  if (maxBytes === 0 || maxSetBytes === 0 || maxBytes < maxSetBytes) return undefined;
  return (
    `retention.maxBytes: must be below limits.maxSetBytes (${maxSetBytes}), not ${maxBytes}: ` +
    'a full set refuses new items before any old item goes'
  );
}

/** Items with the highest hints would push all others out, and raise the floor above every later item. */
function checkForgedHints({ retention, hints, access }: Config): string | undefined {
  const isBounded = hints.unit === 'milliseconds' && hints.maxAhead > 0;
  if (retention.maxBytes === 0 || isBounded || access.mode !== 'open') return undefined;
  return (
    'retention.maxBytes: removes the lowest hints, so any peer could end the node for good by items with the highest: ' +
    'set hints.unit to milliseconds and hints.maxAhead above 0, or access.mode to list or psk'
  );
}

/** Why an admin endpoint is not opened beyond loopback without a token file, and how to open it. */
export function exposedMessage(host: string): string {
  return (
    `admin.host: ${host} is reached from beyond this machine, which needs a token for every call: ` +
    'set admin.tokenFile (the file is made at first start when it is missing), or bind 127.0.0.1'
  );
}

/** One time of `sync` is a part of another. */
function atMost(part: keyof Config['sync'], whole: keyof Config['sync']): ConfigCheck {
  const [path, bound] = [`sync.${part}`, `sync.${whole}`];
  return {
    reads: [path, bound],
    run({ sync }) {
      if (sync[part] <= sync[whole]) return undefined;
      return `${path}: must be at most ${bound} (${sync[whole]}), not ${sync[part]}`;
    },
  };
}

/** A rate of `budgets` that bounds anything. */
function atLeast(key: Exclude<keyof Config['budgets'], 'schedule'>): ConfigCheck {
  return {
    reads: [`budgets.${key}`],
    run({ budgets }) {
      const rate = budgets[key];
      if (rate === 0 || rate >= MIN_BYTES_PER_SECOND) return undefined;
      return `budgets.${key}: must be 0 for no limit, or at least 64KiB, not ${rate}: requests would time out`;
    },
  };
}
