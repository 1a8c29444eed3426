import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica, type Snapshot } from '../../src/store/index.ts';
import { median } from '../support/child.ts';
import { ItemSource, ingest, type Order } from '../support/items.ts';
import { writtenBytes } from '../support/written.ts';

export interface IngestFigures {
  readonly itemsPerSecond: number;
  /** See `StoreFigures`. */
  readonly bytesWrittenPerItem: number | null;
  readonly cpuUsPerItem: number;
  readonly fingerprintUs: number;
  readonly fingerprintMedianUs: number;
  readonly lowerBoundUs: number;
  readonly containsUs: number;
  readonly rssMb: number;
  readonly maxLoopDelayMs: number;
}

const [directory, order, n, batch, cacheMb, bufferItems] = process.argv.slice(2) as [
  string,
  Order,
  string,
  string,
  string,
  string,
];
const QUERIES = 2_000;
const MIB = 2 ** 20;

const replica = await Replica.open({
  database: await openDatabase(directory),
  clock: systemClock,
  disk: systemDisk(directory),
  limits: { maxBatchItems: Number(batch) },
  index: { cacheBytes: Number(cacheMb) * MIB, bufferItems: Number(bufferItems) },
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const before = await writtenBytes();
const cpuBefore = process.cpuUsage();
const sizes = { count: Number(n), batch: Number(batch), callers: 2 };
const itemsPerSecond = await ingest(new ItemSource(order), sizes, (items) => replica.put(items));
const { user, system } = process.cpuUsage(cpuBefore);
delay.disable();
const after = await writtenBytes();
const figures: IngestFigures = {
  itemsPerSecond,
  bytesWrittenPerItem: before === null || after === null ? null : (after - before) / Number(n),
  cpuUsPerItem: (user + system) / Number(n),
  ...query(replica),
  rssMb: process.resourceUsage().maxRSS / 1024,
  maxLoopDelayMs: delay.max / 1e6,
};
if (process.env.BENCH_DETAIL) {
  console.error({
    ...replica.status(),
    fingerprint: null,
    ...Object.fromEntries(Object.entries(process.memoryUsage()).map(([k, v]) => [k, v / MIB])),
  });
}
await replica.close();
console.log(JSON.stringify(figures));

type QueryFigure = 'fingerprintUs' | 'fingerprintMedianUs' | 'lowerBoundUs' | 'containsUs';

function query(of: Replica): Pick<IngestFigures, QueryFigure> {
  const snapshot = of.snapshot();
  const held = Array.from({ length: QUERIES }, () => snapshot.select(rank(snapshot)).id);
  const figures = {
    fingerprintUs: timed(() => fingerprintOf(snapshot)),
    fingerprintMedianUs: timed(() => fingerprintOf(snapshot)),
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

/** The fingerprint of a range with both ends at random. */
function fingerprintOf(snapshot: Snapshot): () => unknown {
  const [one, other] = [rank(snapshot), rank(snapshot)];
  const [begin, end] = [Math.min(one, other), Math.max(one, other)];
  return () => snapshot.fingerprint(begin, end);
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
