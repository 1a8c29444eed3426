import { fork } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DaemonProcess } from '../scripts/support/daemon-process.ts';
import { AdminClient } from '../src/daemon/client/index.ts';
import { bytesToHex, itemId } from '../src/store/index.ts';
import { BareConnection, requestBytes } from './http/connection.ts';
import { median, round, withDirectory } from './support/child.ts';

const PAYLOAD_BYTES = 200;
/** Short and many: other work of the machine comes and goes, and must not fall on one side alone. */
const PUT_ROUNDS = 9;
const PUT_SECONDS = 1;
/** Of gets and batches. */
const ROUNDS = 3;
const SECONDS = 3;
/** Items of one batch call. */
const BATCH_ITEMS = 16_384;
/** Puts whose items are then read. */
const READ_ITEMS = 1_000;

/** What `--json` prints. */
export interface HttpFigures {
  readonly bench: 'http';
  readonly connections: number;
  readonly putsPerSecond: number;
  /** Of fastify with a synced, grouped batch of LevelDB, in the same run. */
  readonly floorPutsPerSecond: number;
  /** Median of the rounds, in each of which both are measured, one after the other. */
  readonly ratio: number;
  readonly getsPerSecond: number;
  /** Of one client. */
  readonly batchItemsPerSecond: number;
  /** Of puts to the daemon. */
  readonly p99Ms: number;
}

/** `bench -- http [--connections N] [--json]`: puts, gets and batches over HTTP, beside the least they can cost. */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    connections: { type: 'string', default: '64' },
  } as const;
  const { values } = parseArgs({ args, options });
  const figures = await withDirectory((folder) => measure(folder, Number(values.connections)));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function measure(folder: string, connections: number): Promise<HttpFigures> {
  const floor = await startFloor(join(folder, 'floor'));
  const daemon = await DaemonProcess.start({
    dataDir: join(folder, 'daemon'),
    args: ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'],
  });
  try {
    const token = await daemon.token();
    const puts = await comparePuts(
      () => drive(floor.url, connections, putRequest(null), PUT_SECONDS),
      () => drive(daemon.admin, connections, putRequest(token), PUT_SECONDS),
    );
    const gets: number[] = [];
    const batch: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn++) {
      const request = await getRequest(daemon.admin, token);
      gets.push((await drive(daemon.admin, connections, request, SECONDS)).perSecond);
      batch.push(await batches(daemon.admin, token));
    }
    return {
      bench: 'http',
      connections,
      putsPerSecond: Math.round(puts.perSecond),
      floorPutsPerSecond: Math.round(puts.floorPerSecond),
      ratio: round(puts.ratio, 2),
      getsPerSecond: Math.round(median(gets)),
      batchItemsPerSecond: Math.round(median(batch)),
      p99Ms: round(puts.p99Ms),
    };
  } finally {
    floor.stop();
    await daemon.stop();
  }
}

interface Driven {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Puts to the floor and to the daemon, in turns; each begins every other round. The first round warms up. */
async function comparePuts(floor: () => Promise<Driven>, puts: () => Promise<Driven>) {
  const runs: { readonly floor: Driven; readonly puts: Driven }[] = [];
  for (let turn = 0; turn <= PUT_ROUNDS; turn++) {
    const before = turn % 2 === 0 ? await floor() : null;
    const driven = await puts();
    const run = { floor: before ?? (await floor()), puts: driven };
    if (turn > 0) runs.push(run);
  }
  return {
    perSecond: median(runs.map((run) => run.puts.perSecond)),
    floorPerSecond: median(runs.map((run) => run.floor.perSecond)),
    ratio: median(runs.map((run) => run.puts.perSecond / run.floor.perSecond)),
    p99Ms: median(runs.map((run) => run.puts.p99Ms)),
  };
}

async function startFloor(directory: string) {
  const child = fork(new URL('./http/floor-main.ts', import.meta.url), [directory]);
  const [{ url }] = (await once(child, 'message')) as [{ url: string }];
  return { url, stop: () => void child.kill() };
}

let next = 0;

function putRequest(token: string | null): () => Uint8Array {
  return () => requestBytes('POST', `/v1/items?hint=${++next}`, token, payload());
}

async function getRequest(url: string, token: string): Promise<() => Uint8Array> {
  const items = newItems(READ_ITEMS);
  const client = new AdminClient({ url, token });
  for await (const _ of client.putItems(items));
  const requests = items.map(({ hint, payload }) =>
    requestBytes('GET', `/v1/items/${bytesToHex(itemId(hint, payload))}`, null),
  );
  return () => requests[++next % requests.length]!;
}

/** Each connection sends its next request once the answer is here. */
async function drive(
  url: string,
  connections: number,
  request: () => Uint8Array,
  seconds: number,
): Promise<Driven> {
  const open = await Promise.all(
    Array.from({ length: connections }, () => BareConnection.open(url)),
  );
  const took: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  await Promise.all(
    open.map(async (connection) => {
      for (let at = performance.now(); at < end; ) {
        const status = await connection.send(request());
        if (status >= 300) throw new Error(`${url} answered ${status}`);
        const now = performance.now();
        took.push(now - at);
        at = now;
      }
    }),
  );
  const perSecond = (took.length / (performance.now() - begin)) * 1_000;
  for (const connection of open) connection.close();
  took.sort((a, b) => a - b);
  return { perSecond, p99Ms: took[Math.floor(took.length * 0.99)]! };
}

async function batches(url: string, token: string): Promise<number> {
  const client = new AdminClient({ url, token });
  let stored = 0;
  const begin = performance.now();
  let spent = 0;
  for (let now = begin; now - begin - spent < SECONDS * 1_000; now = performance.now()) {
    const items = newItems(BATCH_ITEMS);
    // Making random items is no part of it.
    spent += performance.now() - now;
    for await (const line of client.putItems(items)) if ('created' in line) stored++;
  }
  return (stored / (performance.now() - begin - spent)) * 1_000;
}

function newItems(count: number) {
  return Array.from({ length: count }, () => ({ hint: BigInt(++next), payload: payload() }));
}

function payload(): Uint8Array {
  return randomFillSync(new Uint8Array(PAYLOAD_BYTES));
}
