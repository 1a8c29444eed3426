import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DaemonProcess } from '../scripts/support/daemon-process.ts';
import { directoryBytes, inChild, round, withDirectory } from './support/child.ts';
import { memoryOf, type ProcessMemory } from './support/memory.ts';
import { cpuSeconds } from './support/processor.ts';

const ARGS = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'];
const PAYLOAD_BYTES = [200, 1024];
const MILLION = 1_000_000;
const LOOK_EVERY_MS = 100;

/** For items of one length. Disk and processor are scaled from `items` to a million; memory is not. */
interface SizingFigures {
  readonly bench: 'sizing';
  readonly items: number;
  readonly payloadBytes: number;
  readonly diskMbPerMillion: number;
  readonly openRssMb: number;
  readonly openAnonymousMb: number;
  /** Of the program that puts them into a database. */
  readonly writeCpuSecondsPerMillion: number;
  /** Of the daemon that has them, and of the empty daemon that fetches them. */
  readonly giveCpuSecondsPerMillion: number;
  readonly takeCpuSecondsPerMillion: number;
}

/**
 * `bench -- sizing [--n N] [--json]`: disk, memory and processor time for N items of 200 bytes and of 1 KiB, a line
 * each. An empty daemon then fetches them all from a daemon that has them.
 */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    n: { type: 'string', default: '30000' },
  } as const;
  const { values } = parseArgs({ args, options });
  for (const bytes of PAYLOAD_BYTES) {
    const figures = await withDirectory((folder) => measure(folder, Number(values.n), bytes));
    if (values.json) console.log(JSON.stringify(figures));
    else console.table(figures);
  }
}

async function measure(folder: string, items: number, bytes: number): Promise<SizingFigures> {
  const full = join(folder, 'full');
  const fill = new URL('./catchup/fill-main.ts', import.meta.url);
  const { cpuSeconds } = await inChild<{ cpuSeconds: number }>(fill, full, `${items}`, `${bytes}`);
  const disk = await directoryBytes(join(full, 'db'));
  const { opened, give, take } = await replicate(full, join(folder, 'empty'), items);
  const perMillion = (seconds: number): number => round((seconds * MILLION) / items);
  return {
    bench: 'sizing',
    items,
    payloadBytes: bytes,
    diskMbPerMillion: Math.round(disk / items),
    openRssMb: opened.rssMb,
    openAnonymousMb: opened.anonymousMb,
    writeCpuSecondsPerMillion: perMillion(cpuSeconds),
    giveCpuSecondsPerMillion: perMillion(give),
    takeCpuSecondsPerMillion: perMillion(take),
  };
}

/** Processor seconds of both daemons from the start of the empty daemon on, until it has all items. */
async function replicate(full: string, empty: string, items: number) {
  const giving = await DaemonProcess.start({ dataDir: full, args: ARGS });
  const started: DaemonProcess[] = [giving];
  try {
    const opened: ProcessMemory = await memoryOf(giving.pid);
    const { addresses } = await statusOf(giving);
    const before = await cpuSeconds(giving.pid);
    const args = [...ARGS, '--peer', addresses[0]!];
    const taking = await DaemonProcess.start({ dataDir: empty, args });
    started.push(taking);
    const begun = await cpuSeconds(taking.pid);
    while ((await statusOf(taking)).set.items < items) await pause(LOOK_EVERY_MS);
    const give = (await cpuSeconds(giving.pid)) - before;
    return { opened, give, take: (await cpuSeconds(taking.pid)) - begun };
  } finally {
    await Promise.all(started.map((daemon) => daemon.stop()));
  }
}

async function statusOf({ admin }: DaemonProcess) {
  const answer = await fetch(`${admin}/v1/status`);
  return (await answer.json()) as { addresses: string[]; set: { items: number } };
}
