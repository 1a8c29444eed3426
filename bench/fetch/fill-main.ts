import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';
import { batches } from './items.ts';

/** Fills the database in `directory` with so many small and large items. */
const [directory, small, large] = process.argv.slice(2) as [string, string, string];
const replica = await Replica.open({
  open: () => openDatabase(directory),
  clock: systemClock,
  disk: systemDisk('/'),
});
for (const batch of batches({ small: Number(small), large: Number(large) })) {
  await replica.put(batch);
}
await replica.close();
console.log('{}');
