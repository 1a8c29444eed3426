import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock, systemDisk } from '../../src/daemon/system.ts';
import { openDatabase, Replica, type Snapshot } from '../../src/store/index.ts';
import { median } from '../support/child.ts';
import { ItemSource, ingest, type Order } from '../support/items.ts';

export interface IngestFigures {
  readonly itemsPerSecond: number;
  readonly fingerprintUs: number;
  readonly lowerBoundUs: number;
  readonly containsUs: number;
  readonly rssMb: number;
  readonly maxLoopDelayMs: number;
}

const [directory, order, n, batch, cacheMb] = process.argv.slice(2) as [
  string,
  Order,
  string,
  string,
  string,
];
const QUERIES = 2_000;
const MIB = 2 ** 20;

const db = await openDatabase(directory);
let inWrite = 0,
  gap = 0,
  lastEnd = 0,
  writes = 0;
{
  const orig = db.batch.bind(db) as any;
  (db as any).batch = () => {
    const b = orig();
    const w = b.write.bind(b);
    b.write = async (o: any) => {
      const s = performance.now();
      if (lastEnd) gap += s - lastEnd;
      try {
        await w(o);
      } finally {
        lastEnd = performance.now();
        inWrite += lastEnd - s;
        writes++;
      }
    };
    return b;
  };
}
const replica = await Replica.open({
  database: db,
  clock: systemClock,
  disk: systemDisk(directory),
  limits: { maxBatchItems: Number(batch) },
  index: { cacheBytes: Number(cacheMb) * MIB },
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const sizes = {
  count: Number(n),
  batch: Number(batch),
  callers: Number(process.env.BENCH_CALLERS ?? 2),
};
const c0 = process.threadCpuUsage(),
  p0 = process.cpuUsage();
const itemsPerSecond = await ingest(new ItemSource(order), sizes, (items) => replica.put(items));
const c1 = process.threadCpuUsage(c0),
  p1 = process.cpuUsage(p0);
console.error(
  'main us/item',
  (c1.user + c1.system) / Number(n),
  'all',
  (p1.user + p1.system) / Number(n),
);
console.error('writes', writes, 'ms/write', inWrite / writes, 'gap ms', gap / writes);
delay.disable();
const figures: IngestFigures = {
  itemsPerSecond,
  fingerprintUs: 0,
  lowerBoundUs: 0,
  containsUs: 0,
  rssMb: process.resourceUsage().maxRSS / 1024,
  maxLoopDelayMs: delay.max / 1e6,
};
if (process.env.BENCH_DETAIL) {
  const { readFileSync } = await import('node:fs');
  console.error(
    readFileSync('/proc/self/status', 'utf8')
      .split('\n')
      .filter((l) => /Rss|VmHWM/.test(l))
      .join(' '),
  );
  console.error({
    ...replica.status(),
    fingerprint: null,
    ...Object.fromEntries(Object.entries(process.memoryUsage()).map(([k, v]) => [k, v / MIB])),
  });
}
await replica.close();
console.log(JSON.stringify(figures));

function query(of: Replica): Pick<IngestFigures, 'fingerprintUs' | 'lowerBoundUs' | 'containsUs'> {
  const snapshot = of.snapshot();
  const held = Array.from({ length: QUERIES }, () => snapshot.select(rank(snapshot)).id);
  const figures = {
    fingerprintUs: timed(() => {
      const [begin, end] = [rank(snapshot), rank(snapshot)].sort((a, b) => a - b) as [
        number,
        number,
      ];
      return () => snapshot.fingerprint(begin, end);
    }),
    lowerBoundUs: timed(() => {
      const key = snapshot.select(rank(snapshot));
      return () => snapshot.lowerBound(key);
    }),
    containsUs: timed((i) => {
      const id = i % 2 === 0 ? held[i % QUERIES]! : new Uint8Array(32).fill(i);
      return () => of.contains(id);
    }),
  };
  snapshot.release();
  return figures;
}

/** Microseconds of the middle one of many calls, after as many to warm up. */
function timed(prepare: (i: number) => () => unknown): number {
  const times: number[] = [];
  for (let i = 0; i < 2 * QUERIES; i++) {
    const call = prepare(i);
    const start = performance.now();
    call();
    if (i >= QUERIES) times.push(1_000 * (performance.now() - start));
  }
  return median(times);
}

function rank(snapshot: Snapshot): number {
  return Math.floor(Math.random() * snapshot.size);
}
