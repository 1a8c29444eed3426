import { open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../../store/index.ts';
import type { Config } from '../../config/index.ts';
import { reasonOf } from '../../errors.ts';
import { codeOf, exposure, openMode } from '../../files/index.ts';
import { formatBytes } from '../format.ts';
import { type DoctorFinding, fail, ok, warn } from './finding.ts';

interface MachineInit {
  config: Config;
  clock: Clock;
  random: Pick<Random, 'bytes'>;
  /** Of the running daemon; null: none runs here. */
  pid: number | null;
}

const PROBE_BYTES = 4_096;
const PROBES = 10;
const SLOW_MS = 50;
/** A clock that was set back by more shows in hints and in the times of files. */
const CLOCK_MS = 60_000;
/** Files of LevelDB, of the admin endpoint's usual clients and of the process, beside connections. */
const OTHER_DESCRIPTORS = 256;

/** Looks at the data directory, the secrets, the disk and the limits of this machine. */
export async function checkMachine(init: MachineInit): Promise<DoctorFinding[]> {
  const { dataDir } = init.config.node;
  const stats = await stat(dataDir).catch((error: unknown) => error);
  if (!(stats instanceof Error) && Object(stats).isDirectory?.() === true) {
    return [
      directoryMode(dataDir, Object(stats).mode),
      ...(await checkSecrets(init.config)),
      await checkRoom(init.config),
      await checkSpeed(init),
      await checkClock(dataDir, init.clock),
      await checkDescriptors(init),
    ];
  }
  const reason = stats instanceof Error ? reasonOf(stats) : 'it is no directory';
  const advice = 'start a daemon, which makes it, or set node.dataDir to the right place';
  return [
    codeOf(stats) === 'ENOENT'
      ? warn('data directory', `${dataDir} is not there yet`, advice)
      : fail('data directory', 'config', `${dataDir} cannot be used: ${reason}`, advice),
    await checkDescriptors(init),
  ];
}

function directoryMode(dataDir: string, mode: number): DoctorFinding {
  const open = openMode({ mode });
  if (open === null) return ok('data directory', `${dataDir}, for its owner alone`);
  return warn(
    'data directory',
    `${dataDir} has mode ${open}, so other users of this machine may look into it`,
    'run chmod 700 on it',
  );
}

async function checkSecrets({
  node: { dataDir },
  admin,
  access,
}: Config): Promise<DoctorFinding[]> {
  const own = [join(dataDir, 'identity.key'), admin.tokenFile ?? join(dataDir, 'admin.token')];
  const keys = [access.pskFile, access.pskFileOld].filter((path) => path !== null);
  const files = [...own, ...keys];
  return Promise.all(files.map(checkSecret));
}

async function checkSecret(path: string): Promise<DoctorFinding> {
  try {
    const open = exposure((await stat(path)).mode, true);
    if (open === null) return ok('secrets', `${path}, for its owner alone`);
    return warn('secrets', `${path} ${open.split(':', 1)[0]}`, 'run chmod 600 on it');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      const advice = 'the first start makes it; restore it from a backup if this node ran before';
      return warn('secrets', `${path} is not there`, advice);
    }
    const advice = 'run this as the user of the daemon';
    return fail('secrets', 'config', `${path} cannot be read: ${reasonOf(error)}`, advice);
  }
}

async function checkRoom({ node: { dataDir }, limits }: Config): Promise<DoctorFinding> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const message = `${formatBytes(free)} are free, ${formatBytes(limits.minFreeBytes)} are to stay free`;
  const advice = 'make room on the disk, or lower limits.minFreeBytes';
  if (free < limits.minFreeBytes) return fail('disk room', 'corrupt', message, advice);
  if (free < 2 * limits.minFreeBytes) return warn('disk room', message, advice);
  return ok('disk room', message);
}

/** Every put waits for one such write. */
async function checkSpeed({ config, clock, random }: MachineInit): Promise<DoctorFinding> {
  const name = `doctor-${Buffer.from(random.bytes(8)).toString('hex')}.tmp`;
  const path = join(config.node.dataDir, name);
  const times: number[] = [];
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      for (let i = 0; i < PROBES; i++) {
        const began = clock.monotonic();
        await file.write(new Uint8Array(PROBE_BYTES), 0, PROBE_BYTES, i * PROBE_BYTES);
        await file.datasync();
        times.push(clock.monotonic() - began);
      }
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  } catch (error) {
    const advice = 'look after the disk, and run this as the user of the daemon';
    const message = `the data directory takes no writes: ${reasonOf(error)}`;
    return fail('disk speed', 'corrupt', message, advice);
  }
  const median = times.sort((a, b) => a - b)[PROBES >> 1]!;
  const message = `a synced write of 4 KiB takes ${median.toFixed(1)} ms`;
  if (median <= SLOW_MS) return ok('disk speed', message);
  return warn('disk speed', message, 'puts wait for such writes: use a local disk, best an SSD');
}

/** Peers tell no time of theirs; a file from the future shows that this clock was set back. */
async function checkClock(dataDir: string, clock: Clock): Promise<DoctorFinding> {
  const names = await readdir(dataDir).catch(() => []);
  const all = names.map((name) => stat(join(dataDir, name)).catch(() => null));
  const newest = Math.max(0, ...(await Promise.all(all)).map((stats) => stats?.mtimeMs ?? 0));
  const ahead = newest - clock.now();
  if (ahead <= CLOCK_MS) return ok('clock', 'no file of the data directory lies in the future');
  return warn(
    'clock',
    `the data directory has a file that is ${Math.round(ahead / 1_000)} s in the future`,
    'compare the clock with NTP: new items take their place in the order from it',
  );
}

async function checkDescriptors({ config, pid }: MachineInit): Promise<DoctorFinding> {
  const whose = pid === null ? 'self' : `${pid}`;
  const text = await readFile(`/proc/${whose}/limits`, 'utf8').catch(() => '');
  const [, limit] = /^Max open files\s+(\d+|unlimited)/m.exec(text) ?? [];
  if (limit === undefined) return ok('open files', 'the limit is not known on this system');
  const needed = config.network.maxConnections + OTHER_DESCRIPTORS;
  const of = pid === null ? 'this shell' : 'the daemon';
  const message = `${of} may open ${limit} files, about ${needed} may be needed`;
  if (limit === 'unlimited' || Number(limit) >= needed) return ok('open files', message);
  const advice =
    'raise the limit (ulimit -n, LimitNOFILE of systemd), or lower network.maxConnections';
  return warn('open files', message, advice);
}
