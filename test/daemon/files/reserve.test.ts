import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DiskReserve } from '../../../src/daemon/files/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { SeededRandom } from '../../support/random.ts';
import { Log } from '../mesh/log.ts';

const MIB = 2 ** 20;

async function setUp(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-reserve-'));
  cleanUp(t, () => rm(directory, { recursive: true }));
  await mkdir(join(directory, 'db'));
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  const state = { free: 100 * MIB };
  const disk = { freeBytes: async () => state.free };
  const parts = { directory, disk, clock, logger: log.logger, random: new SeededRandom(1) };
  const reserve = new DiskReserve({ ...parts, bytes: 3 * MIB });
  const held = async () => (await stat(join(directory, 'reserve')).catch(() => null))?.size ?? null;
  return { directory, clock, log, state, reserve, held };
}

describe('the reserve of a disk', () => {
  it('is kept while there is room, and given up at a start without room for the log', async (t) => {
    const { directory, log, state, reserve, held } = await setUp(t);
    await reserve.keep();
    assert.equal(await held(), 3 * MIB);
    await writeFile(join(directory, 'db', '000003.log'), new Uint8Array(MIB));
    state.free = 2 * MIB;
    await reserve.makeRoom();
    assert.equal(await held(), 3 * MIB, 'the log and what is to spare fit');
    assert.deepEqual(log.with('DISK_FULL'), []);
    state.free--;
    await reserve.makeRoom();
    assert.equal(await held(), null);
    await reserve.makeRoom();
    const lines = log.with('DISK_FULL').map(({ msg }) => msg);
    assert.match(lines[0]!, /so 3145728 bytes that were kept are given up/);
    assert.match(lines[1]!, /no room was kept for this start/);
  });

  it('is as long as there is room, and grows later', async (t) => {
    const { state, reserve, held } = await setUp(t);
    state.free = 3 * MIB - 1;
    await reserve.keep();
    assert.equal(await held(), MIB);
    state.free = 0;
    await reserve.keep();
    assert.equal(await held(), MIB);
    state.free = 100 * MIB;
    await reserve.keep();
    assert.equal(await held(), 3 * MIB);
  });

  it('is made some time after the start, again and again until the stop', async (t) => {
    const { clock, reserve, held } = await setUp(t);
    reserve.start();
    await clock.advance(29_999);
    assert.equal(await held(), null);
    await clock.advance(1);
    while (clock.pending === 0) await settle();
    assert.equal(await held(), 3 * MIB);
    await reserve.stop();
    assert.equal(clock.pending, 0);
  });
});
