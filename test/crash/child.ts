import { readFileSync, rmSync, writeSync } from 'node:fs';
import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import {
  type Clock,
  openDatabase,
  Replica,
  repairDatabase,
  StoreError,
} from '../../src/store/index.ts';
import { inspect } from './inspection.ts';
import type { Event, Order, Start } from './messages.ts';
import { breakIndex, toFirstSchema } from './ruin.ts';
import { fileWitness } from './witness.ts';
import { ingest } from './workload.ts';

/** Small, so that merging goes on most of the time. */
const BUFFER_ITEMS = 300;

/** The real clock, but no wait lasts longer than 50 ms. */
const hastyClock: Clock = {
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(Math.min(delayMs, 50), callback),
};

/**
 * Run as a process of its own: opens the directory, says what it finds there, then does as it is
 * ordered until it is killed.
 */
const start = JSON.parse(process.argv[2]!) as Start;
let replica: Replica;

function say(event: Event): void {
  writeSync(1, `${JSON.stringify(event)}\n`);
}

async function open(): Promise<Replica> {
  const { directory, witness } = start;
  return Replica.open({
    open: () => openDatabase(directory),
    repair: () => repairDatabase(directory),
    clock: hastyClock,
    scrub: { itemsPerSecond: start.scrub ? 200_000 : 0 },
    disk: systemDisk(directory),
    witness: fileWitness(witness),
    index: { bufferItems: BUFFER_ITEMS, leafItems: 32, fanout: 8 },
  });
}

async function look(): Promise<void> {
  const bytes = readFileSync(start.acknowledged);
  const count = bytes.length / 4;
  const acknowledged = Array.from({ length: count }, (_, i) => bytes.readUInt32LE(4 * i));
  try {
    replica = await open();
    say({ event: 'found', findings: await inspect(replica, acknowledged, start.offered) });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    say({ event: 'refused', code: error.code, message: error.message });
    process.exit(0);
  }
}

async function obey(order: Order): Promise<void> {
  if (order.do === 'rebuild' || order.do === 'migrate') {
    await replica.close();
    if (order.do === 'rebuild') await breakIndex(start.directory);
    else {
      await toFirstSchema(start.directory);
      rmSync(start.witness);
    }
    say({ event: 'begun' });
    replica = await open();
    return replica.ready();
  }
  const putting = ingest({
    ...order,
    replica,
    acknowledged: (numbers) => say({ event: 'acknowledged', numbers }),
  });
  if (order.do === 'close') await new Promise((resolve) => setTimeout(resolve, order.closeAfterMs));
  say({ event: 'begun' });
  if (order.do === 'close') await replica.close();
  await putting;
}

process.on('message', (order: Order) => void obey(order));
await look();
