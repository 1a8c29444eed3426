import { isDeepStrictEqual } from 'node:util';
import type { NegentropyFigures } from '../negentropy.ts';
import { IMPLEMENTATIONS } from './implementations.ts';
import { Sets, type Side } from './sets.ts';

/** One case, run in a process of its own with --expose-gc: IMPLEMENTATION N D. Prints its figures. */

const [impl, n, d] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];
const load = IMPLEMENTATIONS[impl]!;

/** Sessions before the one that is measured, so that it runs compiled code, as the C++ original does. */
const WARM_UP = { n: Math.min(n, 20_000), d: Math.min(d, 400), rounds: 3 };

const implementation = await load();
for (let i = 0; i < WARM_UP.rounds; i++) await measure(new Sets(WARM_UP.n, WARM_UP.d));
console.log(JSON.stringify(await measure(new Sets(n, d))));

async function measure(sets: Sets): Promise<NegentropyFigures> {
  const before = await memory();
  const a = await build(sets, 'a');
  const bytesPerItem = ((await memory()) - before) / a.count;
  const c = await build(sets, 'a');
  await implementation.destroy(c.set);
  const b = await build(sets, 'b');
  await memory();
  const started = process.cpuUsage();
  const { bytes, found } = implementation.reconcile(a.set, b.set);
  const { user, system } = process.cpuUsage(started);
  const { a: onlyA, b: onlyB } = found();
  await implementation.destroy(a.set);
  await implementation.destroy(b.set);
  return {
    bench: 'negentropy',
    impl,
    n: sets.n,
    d: sets.d,
    buildPerSecond: Math.round(Math.max(a.perSecond, b.perSecond, c.perSecond)),
    bytesPerItem: round(bytesPerItem),
    cpuMs: round((user + system) / 1000),
    bytes,
    exact: isDeepStrictEqual([onlyA.sort(), onlyB.sort()], [sets.only('a'), sets.only('b')]),
  };
}

/** A set with one side's items, and how fast it was filled and sealed. */
async function build(sets: Sets, side: Side) {
  const set = await implementation.create();
  let count = 0;
  let seconds = 0;
  for (const batch of sets.batches(side)) {
    const prepared = implementation.prepare(batch);
    count += batch.length;
    seconds += await timed(() => implementation.insert(set, prepared));
  }
  seconds += await timed(() => implementation.seal(set));
  return { set, count, perSecond: count / seconds };
}

async function timed(work: () => void | Promise<void>): Promise<number> {
  const started = process.hrtime.bigint();
  const result = work();
  if (result !== undefined) await result;
  return Number(process.hrtime.bigint() - started) / 1e9;
}

/** Bytes in use once all that is unreachable is gone, buffers outside the heap included. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
