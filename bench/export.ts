import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DaemonProcess } from '../scripts/support/daemon-process.ts';
import { inChild, round, withDirectory } from './support/child.ts';
import { MemoryPeak, memoryOf } from './support/memory.ts';
import { cpuSeconds } from './support/processor.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/rangemesh.js', import.meta.url));
const ARGS = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'];

/** What `--json` prints. Memory is the most that each daemon had meanwhile. */
export interface ExportFigures {
  readonly bench: 'export';
  readonly items: number;
  readonly payloadBytes: number;
  readonly seconds: number;
  readonly itemsPerSecond: number;
  readonly givingRssMb: number;
  readonly givingAnonymousMb: number;
  /** Processor time while the items went over. */
  readonly givingCpuSeconds: number;
  readonly receivingRssMb: number;
  readonly receivingAnonymousMb: number;
  readonly receivingCpuSeconds: number;
  /** Of the giving daemon, before the export. */
  readonly restRssMb: number;
  /** The receiving daemon gave the items back: its memory while it did. */
  readonly backRssMb: number;
  readonly backAnonymousMb: number;
  readonly backCpuSeconds: number;
  readonly sameFingerprint: boolean;
}

/**
 * `bench -- export [--n N] [--bytes B] [--json]`: `rangemesh export | rangemesh import` from a daemon with N
 * items into an empty daemon; then the second daemon, which still runs, exports its items.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    n: { type: 'string', default: '200000' },
    bytes: { type: 'string', default: '200' },
  } as const;
  const { values } = parseArgs({ args, options });
  const figures = await withDirectory((folder) =>
    measure(folder, Number(values.n), Number(values.bytes)),
  );
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function measure(
  folder: string,
  items: number,
  payloadBytes: number,
): Promise<ExportFigures> {
  const dirs = { giving: join(folder, 'giving'), receiving: join(folder, 'receiving') };
  const fill = new URL('./catchup/fill-main.ts', import.meta.url);
  await inChild(fill, dirs.giving, `${items}`, `${payloadBytes}`);
  const giving = await DaemonProcess.start({ dataDir: dirs.giving, args: ARGS });
  const receiving = await DaemonProcess.start({ dataDir: dirs.receiving, args: ARGS });
  try {
    const rest = await memoryOf(giving.pid);
    const peaks = [new MemoryPeak(giving.pid), new MemoryPeak(receiving.pid)] as const;
    const cpu = () => Promise.all([giving, receiving].map(({ pid }) => cpuSeconds(pid)));
    const rested = await cpu();
    const begin = performance.now();
    await copy(dirs.giving, dirs.receiving);
    const copied = await cpu();
    const seconds = (performance.now() - begin) / 1_000;
    const [gave, received] = await Promise.all(peaks.map((peak) => peak.end()));
    const backPeak = new MemoryPeak(receiving.pid);
    await copy(dirs.receiving, null);
    const back = await backPeak.end();
    const gaveBack = await cpu();
    const prints = await Promise.all([giving, receiving].map(fingerprintOf));
    return {
      bench: 'export',
      items,
      payloadBytes,
      seconds: round(seconds),
      itemsPerSecond: Math.round(items / seconds),
      givingRssMb: gave!.rssMb,
      givingAnonymousMb: gave!.anonymousMb,
      givingCpuSeconds: round(copied[0]! - rested[0]!),
      receivingRssMb: received!.rssMb,
      receivingAnonymousMb: received!.anonymousMb,
      receivingCpuSeconds: round(copied[1]! - rested[1]!),
      restRssMb: rest.rssMb,
      backRssMb: back.rssMb,
      backAnonymousMb: back.anonymousMb,
      backCpuSeconds: round(gaveBack[1]! - copied[1]!),
      sameFingerprint: prints[0] !== null && prints[0] === prints[1],
    };
  } finally {
    await Promise.all([giving.stop(), receiving.stop()]);
  }
}

/** Pipes an export of one daemon into an import of another, or reads it. */
async function copy(from: string, to: string | null): Promise<void> {
  const give = command('export', '--data-dir', from);
  if (to === null) {
    give.stdout.resume();
    await ended(give);
    return;
  }
  const take = command('import', '-', '--data-dir', to);
  take.stdout.resume();
  await Promise.all([pipeline(give.stdout, take.stdin), ended(give), ended(take)]);
}

function command(...args: string[]) {
  return spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function ended(child: ReturnType<typeof command>): Promise<void> {
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${child.spawnargs.slice(2).join(' ')} ended with ${code}`);
}

async function fingerprintOf(daemon: DaemonProcess): Promise<string | null> {
  const answer = await fetch(`${daemon.admin}/v1/status`);
  const { set } = (await answer.json()) as { set: { fingerprint: string | null } };
  return set.fingerprint;
}
