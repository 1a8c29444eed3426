import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';
import { ItemSource } from '../support/items.ts';

/** Puts `count` items into a filled data directory, scattered among the hints of its `held` items. */
const [directory, held, count] = process.argv.slice(2) as [string, string, string];
const replica = await Replica.open({
  open: () => openDatabase(join(directory, 'db')),
  clock: systemClock,
  disk: systemDisk(directory),
});
const [first] = new ItemSource('increasing').next(1);
const items = new ItemSource('increasing').next(Number(count)).map(({ payload }) => ({
  hint: first!.hint + BigInt(randomInt(Number(held))),
  payload,
}));
await replica.put(items);
const size = replica.size;
await replica.close();
console.log(JSON.stringify({ size }));
