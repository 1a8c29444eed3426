import { join } from 'node:path';
import { DEFAULT_INDEX } from '../src/store/options.ts';
import type { IngestFigures } from './store/ingest.ts';
import { directoryBytes, inChild, round, withDirectory } from './support/child.ts';
import { ORDERS, type Order } from './support/items.ts';

/** One order of hints. Times are medians; what is measured in one process shares it with nothing. */
export interface StoreFigures {
  readonly bench: 'store';
  readonly n: number;
  readonly order: Order;
  /** Acknowledged, in puts of `batch` items, two of them under way. */
  readonly itemsPerSecond: number;
  /** The same payloads put into `level` alone, batch after batch of the same size, before and after. */
  readonly rawLevelPerSecond: number;
  readonly ratio: number;
  /**
   * Bytes that write calls took while the items came in, log and compaction included (`wchar` of Linux); null on
   * other systems. Keys may still be in the write buffer.
   */
  readonly bytesWrittenPerItem: number | null;
  /** Processor time of all threads while the items came in. */
  readonly cpuUsPerItem: number;
  /** An arbitrary range, soon after the items came in. */
  readonly fingerprintUs: number;
  /** The same 4,000 ranges later, when the cache holds sums of the nodes. */
  readonly fingerprintMedianUs: number;
  readonly lowerBoundUs: number;
  readonly containsUs: number;
  readonly openMs: number;
  readonly diskBytesPerItem: number;
  /** The most the process took, from the start to the last query. */
  readonly rssMb: number;
  readonly cacheMb: number;
  readonly bufferItems: number;
  /** The longest the event loop was held up while items came in. */
  readonly maxLoopDelayMs: number;
}

const MIB = 2 ** 20;

export interface StoreBenchInit {
  n: number;
  orders: readonly Order[];
  /** Items in a put, and the most in a commit. */
  batch: number;
  cacheMb: number;
  bufferItems: number;
}

export const STORE_DEFAULTS: StoreBenchInit = {
  n: 200_000,
  orders: ORDERS,
  batch: 1_000,
  cacheMb: DEFAULT_INDEX.cacheBytes / MIB,
  bufferItems: DEFAULT_INDEX.bufferItems,
};

export async function benchStore(order: Order, init: StoreBenchInit): Promise<StoreFigures> {
  const before = await raw(order, init);
  const measured = await withDirectory((directory) => measure(join(directory, 'db'), order, init));
  const after = await raw(order, init);
  const rawLevelPerSecond = Math.round((before + after) / 2);
  const { openMs, bytesWrittenPerItem, diskBytesPerItem, maxLoopDelayMs } = measured;
  return {
    bench: 'store',
    n: init.n,
    order,
    itemsPerSecond: Math.round(measured.itemsPerSecond),
    rawLevelPerSecond,
    ratio: round(measured.itemsPerSecond / rawLevelPerSecond, 3),
    bytesWrittenPerItem: bytesWrittenPerItem && Math.round(bytesWrittenPerItem),
    cpuUsPerItem: round(measured.cpuUsPerItem),
    fingerprintUs: round(measured.fingerprintUs),
    fingerprintMedianUs: round(measured.fingerprintMedianUs),
    lowerBoundUs: round(measured.lowerBoundUs),
    containsUs: round(measured.containsUs),
    openMs: round(openMs),
    diskBytesPerItem: Math.round(diskBytesPerItem),
    rssMb: Math.round(measured.rssMb),
    cacheMb: init.cacheMb,
    bufferItems: init.bufferItems,
    maxLoopDelayMs: round(maxLoopDelayMs),
  };
}

export function storeTable(figures: StoreFigures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name.padEnd(20)}${value}`)
    .join('\n');
}

function raw(order: Order, { n, batch }: StoreBenchInit): Promise<number> {
  const script = new URL('./store/raw.ts', import.meta.url);
  return withDirectory((directory) =>
    inChild<number>(script, join(directory, 'db'), order, String(n), String(batch)),
  );
}

async function measure(
  path: string,
  order: Order,
  { n, batch, cacheMb, bufferItems }: StoreBenchInit,
): Promise<IngestFigures & { openMs: number; diskBytesPerItem: number }> {
  const ingest = new URL('./store/ingest.ts', import.meta.url);
  const args = [path, order, String(n), String(batch), String(cacheMb), String(bufferItems)];
  const figures = await inChild<IngestFigures>(ingest, ...args);
  const openMs = await inChild<number>(
    new URL('./store/open.ts', import.meta.url),
    path,
    String(cacheMb),
    String(bufferItems),
  );
  return { ...figures, openMs, diskBytesPerItem: (await directoryBytes(path)) / n };
}
