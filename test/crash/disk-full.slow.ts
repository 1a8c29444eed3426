import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { systemClock, systemDisk } from '../../src/daemon/system/index.ts';
import {
  type Clock,
  openDatabase,
  type PutResult,
  Replica,
  StoreError,
} from '../../src/store/index.ts';
import { cleanUp } from '../support/clean-up.ts';
import { fullItemOf, itemOf } from './items.ts';

const MIB = 2 ** 20;
const DISK_BYTES = 64 * MIB;
/** More than LevelDB may have to write when it is opened: two write buffers. */
const BALLAST_BYTES = 32 * MIB;

/** Items in one put. */
const CHUNK = 200;
const CALLERS = 4;

/** The real clock, but no wait lasts longer than 20 ms. */
const hastyClock: Clock = {
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(Math.min(delayMs, 20), callback),
};

/** A disk of its own that goes with the test; null where mounting is not permitted. */
async function smallDisk(t: TestContext): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-disk-'));
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory];
    execFileSync('mount', options, { stdio: 'ignore' });
  } catch {
    await rm(directory, { recursive: true });
    return null;
  }
  cleanUp(t, async () => {
    execFileSync('umount', ['-l', directory]);
    await rm(directory, { recursive: true });
  });
  return directory;
}

interface Answers {
  readonly acknowledged: Set<number>;
  readonly refusals: StoreError[];
}

/** Callers put until each was refused, whatever the reason. */
async function fill(replica: Replica, { acknowledged, refusals }: Answers): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    for (;;) {
      const numbers = Array.from({ length: CHUNK }, () => next++);
      try {
        await replica.put(numbers.map(itemOf));
      } catch (error) {
        assert.ok(error instanceof StoreError, String(error));
        refusals.push(error);
        return;
      }
      for (const number of numbers) acknowledged.add(number);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

async function checkAll(replica: Replica, acknowledged: Iterable<number>): Promise<void> {
  for (const number of acknowledged) {
    const { id, payload } = fullItemOf(number);
    const found = await replica.get(id);
    assert.ok(found && Buffer.compare(found.payload, payload) === 0, `item ${number} is there`);
  }
  const { problems } = await replica.verify();
  assert.deepEqual(problems, [], 'nothing is half-written');
}

/** Puts until one is taken; gives up after some seconds. */
async function putInTheEnd(replica: Replica, number: number): Promise<PutResult[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await replica.put([itemOf(number)]);
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

it('a daemon survives a full disk without loss or partial writes, and resumes by itself', async (t) => {
  const disk = await smallDisk(t);
  if (disk === null) {
    t.diagnostic('mounting a tmpfs is not permitted here');
    t.skip();
    return;
  }
  await writeFile(join(disk, 'ballast'), new Uint8Array(BALLAST_BYTES));
  const directory = join(disk, 'data');
  const init = { clock: hastyClock, disk: systemDisk(disk), index: { bufferItems: 500 } };
  const replica = await Replica.open({ ...init, open: () => openDatabase(directory) });
  cleanUp(t, () => replica.close());
  const answers: Answers = { acknowledged: new Set(), refusals: [] };
  await fill(replica, answers);
  const { acknowledged, refusals } = answers;
  assert.ok(acknowledged.size > 10 * CHUNK, `${acknowledged.size} items fit`);
  for (const { message } of refusals) assert.ok(message.length > 20);
  const { refusing } = replica.status();
  assert.equal(refusing?.code, 'DISK_FULL', refusing?.message);
  await rm(join(disk, 'ballast'));
  await putInTheEnd(replica, 10_000_000);
  acknowledged.add(10_000_000);
  assert.equal(replica.status().refusing, null);
  assert.equal(replica.status().needsRefill, false);
  await checkAll(replica, acknowledged);
  await replica.close();
  const again = await Replica.open({ ...init, open: () => openDatabase(directory) });
  cleanUp(t, () => again.close());
  await checkAll(again, acknowledged);
  t.diagnostic(`${acknowledged.size} items, then ${refusals[0]?.code}: ${refusals[0]?.message}`);
});
