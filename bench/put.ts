import { createHash, randomFillSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AdminClient } from '../scripts/support/admin-client.ts';
import { DaemonProcess } from '../scripts/support/daemon-process.ts';
import { systemClock, systemDisk } from '../src/daemon/system/index.ts';
import { type Database, openDatabase, Replica } from '../src/store/index.ts';
import { withDirectory } from './support/child.ts';
import { SYNCED } from './support/synced.ts';

const CALLERS = 64;
const PAYLOAD_BYTES = 200;
/** Measured one after the other, several times, so that a slow moment of the disk spoils no ratio. */
const REPEATS = 3;

type Put = (number: number) => Promise<unknown>;

interface Rates {
  readonly one: number;
  readonly many: number;
  readonly ratio: number;
}

/** What `--json` prints: puts a second of one caller, of `callers` at once, and what that is to one. */
export interface PutFigures {
  readonly bench: 'put';
  readonly callers: number;
  readonly replicaOnePerSecond: number;
  readonly replicaManyPerSecond: number;
  readonly replicaRatio: number;
  /** LevelDB alone, a record of each payload: what its disk gives for a sync that is shared. */
  readonly rawRatio: number;
  readonly httpOnePerSecond: number;
  readonly httpManyPerSecond: number;
  readonly httpRatio: number;
}

/** `bench -- put [--json]`: what sharing commits is worth, at the replica and over HTTP. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean', default: false } } });
  await withDirectory(async (folder) => {
    const replica = await atReplica(join(folder, 'replica'));
    const raw = await atLevel(join(folder, 'raw'));
    const http = await overHttp(join(folder, 'daemon'));
    if (values.json) console.log(JSON.stringify(figuresOf(replica, raw, http)));
    else console.table({ replica, raw, http });
  });
}

function figuresOf(replica: Rates, raw: Rates, http: Rates): PutFigures {
  return {
    bench: 'put',
    callers: CALLERS,
    replicaOnePerSecond: replica.one,
    replicaManyPerSecond: replica.many,
    replicaRatio: replica.ratio,
    rawRatio: raw.ratio,
    httpOnePerSecond: http.one,
    httpManyPerSecond: http.many,
    httpRatio: http.ratio,
  };
}

async function atReplica(directory: string): Promise<Rates> {
  const replica = await Replica.open({
    open: () => openDatabase(directory),
    clock: systemClock,
    disk: systemDisk(tmpdir()),
  });
  try {
    return await measure((number) =>
      replica.put([{ hint: BigInt(number), payload: payload(number) }]),
    );
  } finally {
    await replica.close();
  }
}

/** Batches of one and of `CALLERS` payloads, each with an id record beside it, as an item has. */
async function atLevel(directory: string): Promise<Rates> {
  const database = await openDatabase(directory);
  let next = 0;
  const rate = async (size: number, batches: number): Promise<number> => {
    const begin = performance.now();
    for (let i = 0; i < batches; i++) {
      const batch = database.batch();
      for (let item = 0; item < size; item++) addRecords(batch, next++);
      await batch.write(SYNCED);
    }
    return ((size * batches) / (performance.now() - begin)) * 1_000;
  };
  try {
    await rate(CALLERS, 32);
    return await repeated({ one: () => rate(1, 300), many: () => rate(CALLERS, 156) });
  } finally {
    await database.close();
  }
}

function addRecords(batch: ReturnType<Database['batch']>, number: number): void {
  const id = createHash('sha256').update(String(number)).digest();
  const hint = new Uint8Array(8);
  new DataView(hint.buffer).setUint32(4, number);
  batch.put(Buffer.concat([new Uint8Array([1]), hint, id]), payload(number));
  batch.put(Buffer.concat([new Uint8Array([2]), id]), hint);
}

async function overHttp(dataDir: string): Promise<Rates> {
  const args = ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'];
  const daemon = await DaemonProcess.start({ dataDir, args });
  const client = new AdminClient({ url: daemon.admin, token: await daemon.token() });
  try {
    return await measure((number) => client.put(payload(number), BigInt(number)));
  } finally {
    client.close();
    await daemon.stop();
  }
}

async function measure(put: Put): Promise<Rates> {
  let next = 0;
  const rate = async (callers: number, puts: number) => {
    const end = next + puts;
    const begin = performance.now();
    const caller = async () => {
      while (next < end) await put(next++);
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return (puts / (performance.now() - begin)) * 1_000;
  };
  await rate(CALLERS, 2_000);
  return repeated({ one: () => rate(1, 300), many: () => rate(CALLERS, 10_000) });
}

async function repeated(rates: Record<'one' | 'many', () => Promise<number>>): Promise<Rates> {
  const one: number[] = [];
  const many: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    one.push(await rates.one());
    many.push(await rates.many());
  }
  const figures = { one: Math.round(median(one)), many: Math.round(median(many)) };
  return { ...figures, ratio: Math.round((figures.many / figures.one) * 10) / 10 };
}

function payload(number: number): Uint8Array {
  const bytes = randomFillSync(new Uint8Array(PAYLOAD_BYTES));
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
