/** Fills a set, prunes its lower half while others put, and prints a `PruneRun`. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';
import { directoryBytes } from '../support/child.ts';
import { ItemSource, ingest } from '../support/items.ts';

export interface PruneRun {
  readonly removed: number;
  readonly seconds: number;
  readonly diskBefore: number;
  readonly diskAfter: number;
  readonly idlePutP99Ms: number;
  readonly putP99Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** Most items in a commit, and between two compactions. */
const SLICE = 2_048;
const COMPACT_EVERY = 50_000;
const PUT_EVERY_MS = 10;
/** Time of puts alone, before pruning begins. */
const IDLE_MS = 5_000;

const [directory, n] = process.argv.slice(2) as [string, string];
const replica = await Replica.open({
  database: await openDatabase(directory),
  clock: systemClock,
  disk: systemDisk(directory),
});
const source = new ItemSource('increasing');
const sizes = { count: Number(n), batch: 1_000, callers: 2 };
await ingest(source, sizes, (items) => replica.put(items));
// What filling left over is no gain of pruning.
await replica.compact();
const diskBefore = await directoryBytes(directory);
const floor = middleHint();
let puts: number[] = [];
const putting = setInterval(putOne, PUT_EVERY_MS);
await setTimeout(IDLE_MS);
const idlePutP99Ms = percentile(puts, 0.99);
puts = [];
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const begin = performance.now();
await prune();
const seconds = (performance.now() - begin) / 1_000;
delay.disable();
clearInterval(putting);
const { removedItems: removed } = replica.retention.progress;
const figures: PruneRun = {
  removed,
  seconds,
  diskBefore,
  diskAfter: await directoryBytes(directory),
  idlePutP99Ms,
  putP99Ms: percentile(puts, 0.99),
  loopP99Ms: delay.percentile(99) / 1e6,
  loopMaxMs: delay.max / 1e6,
};
await replica.close();
console.log(JSON.stringify(figures));

async function prune(): Promise<void> {
  const { retention } = replica;
  await retention.raise(floor);
  let uncompacted = 0;
  for (let removed = -1; removed !== 0; ) {
    removed = await retention.prune(floor, SLICE);
    uncompacted += removed;
    if (uncompacted < COMPACT_EVERY && removed > 0) continue;
    await retention.compact();
    uncompacted = 0;
  }
}

function putOne(): void {
  const start = performance.now();
  void replica.put(source.next(1)).then(() => puts.push(performance.now() - start));
}

function middleHint(): bigint {
  const snapshot = replica.snapshot();
  const { hint } = snapshot.select(snapshot.size >> 1);
  snapshot.release();
  return hint;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(part * sorted.length)] ?? 0;
}
