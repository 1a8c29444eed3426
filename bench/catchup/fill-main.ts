import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';
import { ItemSource, ingest } from '../support/items.ts';

/** Fills a data directory with so many items of so many bytes, 200 if none are given. */
const [directory, n, bytes] = process.argv.slice(2) as [string, string, string?];
await mkdir(directory, { recursive: true });
const replica = await Replica.open({
  open: () => openDatabase(join(directory, 'db')),
  clock: systemClock,
  disk: systemDisk(directory),
});
const source = new ItemSource('increasing', bytes === undefined ? undefined : Number(bytes));
const before = process.cpuUsage();
const perSecond = await ingest(source, { count: Number(n), batch: 1_000, callers: 2 }, (items) =>
  replica.put(items),
);
await replica.close();
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ perSecond, cpuSeconds: (user + system) / 1e6 }));
