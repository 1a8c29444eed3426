import { writeSync } from 'node:fs';
import { bytesToHex, openDatabase, Replica } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { item } from '../replica/support.ts';

/** Run as a process of its own: puts items until it is killed, and prints each id once acknowledged. */
const replica = await Replica.open({
  database: await openDatabase(process.argv[2]!),
  clock: new VirtualClock(),
  disk: new FakeDisk(),
  scheme: wideSum,
});

async function client(first: number): Promise<void> {
  for (let number = first; number < 1_000_000; number += 8) {
    const [result] = await replica.put([item(number)]);
    writeSync(1, `${bytesToHex(result!.id)}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, i) => client(i)));
