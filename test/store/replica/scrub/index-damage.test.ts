import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeSummary } from '../../../../src/store/tree/level/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { codes, flip } from '../in-memory.ts';
import { assertSound, firstKey, open, tamper } from '../on-disk.ts';
import { item, items, pass, temporaryDirectory } from '../support.ts';

const text = new TextEncoder();

describe('the scrubber', () => {
  it('finds a wrong summary with a right checksum', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(300));
    await first.close();
    await tamper(directory, async (database) =>
      database.put(await firstKey(database, 'set/s', 9), encodeSummary(new Uint8Array(32))),
    );
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 1_000 } });
    await pass(clock, () => codes(replica).includes('INDEX_REBUILT'));
    await assertSound(replica, items(300));
  });

  it('counts a large item as several', async (t) => {
    const clock = new VirtualClock();
    const scrub = { itemsPerSecond: 10 };
    const replica = await open(t, await temporaryDirectory(t), { clock, scrub });
    await replica.put(Array.from({ length: 12 }, (_, i) => item(i, 160 * 1024)));
    await pass(clock, () => replica.status().scrub.checked > 0);
    const start = clock.monotonic();
    await pass(clock, () => replica.status().scrub.passes > 0);
    const seconds = (clock.monotonic() - start) / 1_000;
    assert.ok(seconds >= 9 && seconds < 75, `${seconds} s`);
  });

  it('resumes soon after a rebuild of the index', async (t) => {
    const directory = await temporaryDirectory(t);
    const first = await open(t, directory);
    await first.put(items(40));
    await first.close();
    await tamper(directory, async (database) => flip(database, text.encode('set/c')));
    const clock = new VirtualClock();
    const replica = await open(t, directory, { clock, scrub: { itemsPerSecond: 100 } });
    await clock.advance(10);
    await replica.ready();
    await clock.advance(2_000);
    await pass(clock, () => replica.status().scrub.checked > 0);
    assert.ok(clock.monotonic() < 10_000, `${clock.monotonic()} ms`);
  });
});
