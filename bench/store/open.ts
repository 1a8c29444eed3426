import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';

/** Milliseconds until a replica can be used. */
const directory = process.argv[2]!;
const start = performance.now();
const replica = await Replica.open({
  database: await openDatabase(directory),
  clock: systemClock,
  disk: systemDisk(directory),
});
const openMs = performance.now() - start;
await replica.close();
console.log(JSON.stringify(openMs));
