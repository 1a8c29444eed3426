import { type Incident, Replica, type ReplicaInit } from '../../src/store/index.ts';
import { settle, VirtualClock } from '../support/clock.ts';
import { FakeDisk } from '../support/fake-disk.ts';
import { FaultyDisk } from '../support/faulty-disk.ts';
import { wideSum } from '../support/wide-sum.ts';

/** Long enough for each new attempt to open the database. */
const PATIENCE_MS = 120_000;

/** A replica meets the faults of its disk one after another, and says what it makes of each. */
export async function recovery(): Promise<string> {
  const clock = new VirtualClock();
  const disk = new FaultyDisk();
  const lines: string[] = [];
  let commit = 0;
  const init = (): ReplicaInit => ({
    clock,
    disk: new FakeDisk(),
    scheme: wideSum,
    index: { leafItems: 2, fanout: 2, bufferItems: 2 },
    open: disk.process(),
    onIncident: ({ code, message }: Incident) => lines.push(`  incident ${code}: ${message}`),
    witness: {
      read: async () => commit,
      write: (number) => {
        commit = number;
      },
    },
  });
  let replica = await Replica.open(init());
  let items = 0;
  const put = async (): Promise<void> => {
    const item = { hint: BigInt(++items), payload: Uint8Array.of(items) };
    const answer = await replica.put([item]).then(
      () => 'stored',
      (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
    );
    lines.push(`  item ${items} is put: ${answer}`);
  };
  const step = async (title: string, act: () => void | Promise<void>): Promise<void> => {
    lines.push(`# ${title}`);
    const acted = Promise.resolve(act());
    await clock.advance(PATIENCE_MS);
    await acted;
    const { items: held, refusing, rebuilding } = replica.status();
    const state = refusing?.code ?? (rebuilding === null ? 'takes items' : 'rebuilds');
    lines.push(`  holds ${held} items, ${state}`, '');
  };
  const restart = async (): Promise<void> => {
    replica = await Replica.open(init());
    await settle();
  };

  await step('the disk is well', put);
  await step('a batch is lost, and the write says so', () => {
    disk.fault = 'lost';
    return put();
  });
  await step('a batch is on disk, and the write says that it is not', () => {
    disk.fault = 'landed';
    return put();
  });
  await step('the database cannot be opened three times', () => {
    disk.fault = 'lost';
    disk.refusals = 3;
    return put();
  });
  await step('the disk is read-only', () => {
    disk.stuck = new Error('IO error: Read-only file system');
    return put();
  });
  await step('the disk takes batches again', async () => {
    disk.stuck = null;
  });
  await step('an item is put then', put);
  await step('a node of the index is gone, and the power with it', () => {
    disk.cutPower(0);
    ruinIndex(disk);
    return restart();
  });
  await step('an item is put into the index that was built again', put);
  const closed = replica.close();
  await clock.advance(PATIENCE_MS);
  await closed;
  return lines.join('\n');
}

/** Takes a record of the index or its state away. */
function ruinIndex(disk: FaultyDisk): void {
  const letters = new TextDecoder();
  for (const [key] of disk.records) {
    if (!/^set\/[nsm]/.test(letters.decode(key.subarray(0, 5)))) continue;
    disk.ruin(key);
    return;
  }
}
