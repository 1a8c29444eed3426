import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';

/** Milliseconds until a replica can be used. */
const [directory, cacheMb, bufferItems] = process.argv.slice(2) as [string, string, string];
const start = performance.now();
const replica = await Replica.open({
  database: await openDatabase(directory),
  clock: systemClock,
  disk: systemDisk(directory),
  index: { cacheBytes: Number(cacheMb) * 2 ** 20, bufferItems: Number(bufferItems) },
});
const openMs = performance.now() - start;
await replica.close();
console.log(JSON.stringify(openMs));
