import { isLoopbackAddress, isLoopbackHost } from './loopback.ts';
import { problem } from './problems.ts';
import type { Config, Problem } from './types.ts';

interface ConfigCheck {
  /** What it reads, as `section.key`. */
  readonly reads: readonly string[];
  readonly run: (config: Config, given: (path: string) => boolean) => Iterable<Problem>;
}

const CHECKS: readonly ConfigCheck[] = [
  { reads: ['access.mode', 'network.listen'], run: checkExposure },
  { reads: ['network.degree', 'network.maxConnections'], run: checkDegree },
  { reads: ['access.mode', 'access.pskFile'], run: checkPsk },
  { reads: ['access.mode', 'access.peers'], run: checkList },
  { reads: ['admin.host', 'admin.tokenFile'], run: checkAdmin },
  atMost('frameTimeoutMs', 'sessionTimeoutMs'),
  atMost('settleMs', 'settleMaxMs'),
];

export interface CheckInit {
  config: Config;
  /** Whether a `section.key` was written anywhere, rather than left at its default. */
  given: (path: string) => boolean;
  /** Whether `section.key` is as the operator meant it; what reads another is not judged. */
  sound: (path: string) => boolean;
}

/** What no single key shows: keys that contradict each other. */
export function checkConfig({ config, given, sound }: CheckInit): Problem[] {
  return CHECKS.filter(({ reads }) => reads.every(sound)).flatMap(({ run }) => [
    ...run(config, given),
  ]);
}

function* checkExposure({ network }: Config, given: (path: string) => boolean) {
  const exposed = network.listen.filter((address) => !isLoopbackAddress(address));
  if (exposed.length > 0 && !given('access.mode')) {
    yield problem(
      `access.mode: must be given when network.listen goes beyond loopback (${exposed.join(', ')}): ` +
        'list or psk, or open if whoever reaches the port may connect and write',
    );
  }
}

function* checkDegree({ network }: Config, given: (path: string) => boolean) {
  const { degree, maxConnections } = network;
  if (2 * degree <= maxConnections) return;
  const low = given('network.maxConnections') && !given('network.degree');
  yield problem(
    low
      ? `network.maxConnections: must be at least twice network.degree (${degree}), not ${maxConnections}; ` +
          'raise it, or lower network.degree'
      : `network.degree: must be at most half of network.maxConnections (${maxConnections}), not ${degree}`,
  );
}

function* checkPsk({ access }: Config) {
  if (access.mode === 'psk' && access.pskFile === null) {
    yield problem('access.pskFile: must name the file with the key when access.mode is psk');
  }
  if (access.mode !== 'psk' && access.pskFile !== null) {
    yield problem(
      `access.pskFile: has no effect when access.mode is ${access.mode}; remove it, or set the mode to psk`,
    );
  }
}

function* checkList({ access }: Config) {
  if (access.mode !== 'list' && access.peers.length > 0) {
    yield problem(
      `access.peers: keeps nobody out when access.mode is ${access.mode}; remove it, or set the mode to list`,
    );
  }
}

function* checkAdmin({ admin }: Config): Generator<Problem> {
  if (isLoopbackHost(admin.host) || admin.tokenFile !== null) return;
  yield { code: 'ADMIN_EXPOSED', message: exposedMessage(admin.host) };
}

/** Why an admin endpoint is not opened beyond loopback without a token file, and what to do. */
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
    *run({ sync }) {
      if (sync[part] <= sync[whole]) return;
      yield problem(`${path}: must be at most ${bound} (${sync[whole]}), not ${sync[part]}`);
    },
  };
}
