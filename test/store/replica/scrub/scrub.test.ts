import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, Random, Replica, ScrubOptions } from '../../../../src/store/index.ts';
import { codes, flip, flipItem, idOf, KEYS, MemorySet } from '../in-memory.ts';
import { item, tapBatches } from '../support.ts';

const HOUR_MS = 3_600_000;
const IDLE_MS = 60_000;
/** Opening is done before the first step. */
const START_MS = 100;

/** Has scrubbing begin at a part of the set. */
function at(fraction: number): Random {
  return { fraction: () => fraction, bytes: (length) => new Uint8Array(length) };
}

async function scrubbing(
  t: TestContext,
  set: MemorySet,
  options: Partial<ScrubOptions> & { from?: number } = {},
): Promise<{ replica: Replica; damaged: number[]; scrubbed: () => [number, number] }> {
  const { from, ...scrub } = options;
  const replica = await set.open(t, {
    scrub: { itemsPerSecond: 10, ...scrub },
    ...(from === undefined ? {} : { random: at(from) }),
  });
  const damaged: number[] = [];
  replica.onDamaged(({ hint }) => damaged.push(Number(hint)));
  const scrubbed = (): [number, number] => {
    const { checked, passes } = replica.status().scrub;
    return [checked, passes];
  };
  return { replica, damaged, scrubbed };
}

function damaging(...numbers: number[]): (database: Database) => Promise<void> {
  return async (database) => {
    for (const number of numbers) await flipItem(database, item(number));
  };
}

describe('a pass of the scrubber', () => {
  it('that began midway is not counted, and its missing part follows at once', async (t) => {
    const set = await MemorySet.of(40);
    const { scrubbed } = await scrubbing(t, set, { from: 0.5 });
    await set.clock.advance(START_MS + 1_000);
    assert.deepEqual(scrubbed(), [20, 0], 'a pass that began midway does not count as whole');
    await set.clock.advance(1_000);
    assert.deepEqual(scrubbed(), [30, 0], 'the first half comes without a pause');
    await set.clock.advance(3_000);
    assert.deepEqual(scrubbed(), [60, 1]);
    await set.clock.advance(IDLE_MS + 3_000);
    assert.deepEqual(scrubbed(), [100, 2], 'every later pass is a whole one');
  });

  it('that began at the beginning by chance is a whole one', async (t) => {
    const set = await MemorySet.of(40);
    const { scrubbed } = await scrubbing(t, set, { from: 0 });
    await set.clock.advance(START_MS + 3_000);
    assert.deepEqual(scrubbed(), [40, 1]);
  });

  it('begins with the item of the rank that was drawn', async (t) => {
    for (const [fraction, first] of [
      [0.024, 0],
      [0.026, 1],
      [0.999, 39],
    ] as const) {
      const set = await MemorySet.of(40, damaging(0, 1, 39));
      const { damaged } = await scrubbing(t, set, { from: fraction, itemsPerSecond: 1 });
      await set.clock.advance(START_MS);
      assert.deepEqual(damaged, [first], `at ${fraction}`);
    }
  });

  it('is followed by a minute of rest, twice in a row', async (t) => {
    const set = await MemorySet.of(20);
    const { scrubbed } = await scrubbing(t, set);
    await set.clock.advance(START_MS + 1_000);
    assert.deepEqual(scrubbed(), [20, 1]);
    await set.clock.advance(IDLE_MS - 1);
    assert.deepEqual(scrubbed(), [20, 1], 'it rests');
    await set.clock.advance(1);
    assert.deepEqual(scrubbed(), [30, 1]);
    await set.clock.advance(1_000);
    assert.deepEqual(scrubbed(), [40, 2]);
    await set.clock.advance(IDLE_MS - 1);
    assert.deepEqual(scrubbed(), [40, 2], 'it rests again');
  });

  it('is not counted in an empty set', async (t) => {
    const set = await MemorySet.of([]);
    const { replica, scrubbed } = await scrubbing(t, set);
    await set.clock.advance(START_MS + 3 * IDLE_MS);
    assert.deepEqual(scrubbed(), [0, 0]);
    await replica.put([item(1)]);
    await set.clock.advance(IDLE_MS);
    assert.deepEqual(scrubbed(), [1, 1]);
  });
});

describe('the pace of the scrubber', () => {
  it('is at most one hundred items a step', async (t) => {
    const set = await MemorySet.of(250);
    const { scrubbed } = await scrubbing(t, set, { itemsPerSecond: 1_000 });
    await set.clock.advance(START_MS - 1);
    assert.deepEqual(scrubbed(), [0, 0]);
    for (const checked of [100, 200]) {
      await set.clock.advance(1);
      assert.deepEqual(scrubbed(), [checked, 0]);
      await set.clock.advance(99);
      assert.deepEqual(scrubbed(), [checked, 0]);
    }
    await set.clock.advance(1);
    assert.deepEqual(scrubbed(), [250, 1]);
  });

  it('is one item after the other where it is below one a second', async (t) => {
    const set = await MemorySet.of(5);
    const { scrubbed } = await scrubbing(t, set, { itemsPerSecond: 0.5 });
    await set.clock.advance(START_MS);
    assert.deepEqual(scrubbed(), [1, 0]);
    await set.clock.advance(1_999);
    assert.deepEqual(scrubbed(), [1, 0]);
    await set.clock.advance(1);
    assert.deepEqual(scrubbed(), [2, 0]);
  });

  it('counts a payload of more than 16 KiB as several items, and one of 16 KiB as one', async (t) => {
    for (const [bytes, seconds] of [
      [16 * 1024, 2],
      [32 * 1024, 4],
    ] as const) {
      const set = await MemorySet.of([item(0, bytes), item(1, bytes), item(2, bytes)]);
      const { scrubbed } = await scrubbing(t, set, { itemsPerSecond: 0.5 });
      await set.clock.advance(START_MS + 1_000 * seconds - 1);
      assert.deepEqual(scrubbed(), [1, 0], `${bytes} bytes`);
      await set.clock.advance(1);
      assert.deepEqual(scrubbed(), [2, 0], `${bytes} bytes`);
    }
  });

  it('turns it off when it is zero', async (t) => {
    const set = await MemorySet.of(5);
    const { replica, scrubbed } = await scrubbing(t, set, { itemsPerSecond: 0 });
    await set.clock.advance(10 * IDLE_MS);
    assert.deepEqual(scrubbed(), [0, 0]);
    assert.equal(replica.status().scrub.running, false);
  });

  it('has no timer left when the replica is closed', async (t) => {
    const set = await MemorySet.of(40);
    const { replica } = await scrubbing(t, set);
    assert.equal(replica.status().scrub.running, true);
    await set.clock.advance(START_MS);
    await replica.close();
    assert.equal(set.clock.pending, 0);
    assert.equal(replica.status().scrub.running, false);
  });
});

describe('damage that the scrubber finds', () => {
  it('stops the scrubber at the bound, and not one item earlier', async (t) => {
    for (const [count, stops] of [
      [2, false],
      [3, true],
    ] as const) {
      const set = await MemorySet.of(40, damaging(...Array.from({ length: count }, (_, i) => i)));
      const options = { itemsPerSecond: 40, maxDamagedPerHour: 3 };
      const { replica } = await scrubbing(t, set, options);
      await set.clock.advance(START_MS);
      assert.equal(replica.status().scrub.running, !stops, `${count} damaged of 3`);
      assert.equal(codes(replica).includes('SCRUB_STOPPED'), stops);
      assert.equal(replica.status().quarantined, count);
      await set.clock.advance(2 * IDLE_MS);
      assert.equal(replica.status().scrub.checked > 40, !stops, 'it goes on unless it was stopped');
    }
  });

  it('stays where it is once the scrubber has stopped', async (t) => {
    const set = await MemorySet.of(40, damaging(1, 2, 3, 4));
    const { replica, damaged } = await scrubbing(t, set, { maxDamagedPerHour: 2 });
    await set.clock.advance(START_MS + IDLE_MS);
    assert.deepEqual(damaged, [1, 2]);
    assert.deepEqual(codes(replica), ['ITEM_DAMAGED', 'ITEM_DAMAGED', 'SCRUB_STOPPED']);
    assert.match(
      replica.status().incidents.at(-1)!.message,
      /^2 items were damaged within an hour/,
    );
  });

  it('is forgotten after an hour', async (t) => {
    for (const [pauseMs, stops] of [
      [HOUR_MS - 1_000, true],
      [HOUR_MS + IDLE_MS, false],
    ] as const) {
      const set = await MemorySet.of(1, damaging(0));
      const options = { itemsPerSecond: 1_000, maxDamagedPerHour: 2 };
      const { replica } = await scrubbing(t, set, options);
      await set.clock.advance(START_MS);
      assert.equal(replica.status().quarantined, 1);
      await set.clock.advance(pauseMs - IDLE_MS);
      await replica.put([item(0)]);
      await flipItem(set.database, item(0));
      await set.clock.advance(IDLE_MS);
      assert.equal(replica.status().quarantined, 1);
      assert.equal(
        replica.status().scrub.running,
        !stops,
        `what was damaged ${pauseMs} ms ago counts only within the hour`,
      );
    }
  });

  it('is not counted where only an id record was wrong', async (t) => {
    const set = await MemorySet.of(10, async (database) => {
      for (let i = 0; i < 4; i++) await flip(database, KEYS.id(idOf(item(i))), 12);
    });
    const { replica, scrubbed } = await scrubbing(t, set, { maxDamagedPerHour: 2 });
    await set.clock.advance(START_MS);
    assert.deepEqual(codes(replica), Array(4).fill('RECORD_MENDED'));
    assert.equal(replica.status().scrub.running, true);
    assert.deepEqual(scrubbed(), [10, 1]);
    await set.clock.advance(IDLE_MS);
    assert.equal(replica.status().incidents.length, 4, 'it was mended');
  });
});

describe('a read error during scrubbing', () => {
  it('is reported once a pass, and scrubbing continues behind the unread records', async (t) => {
    const set = await MemorySet.of(40);
    const { replica, scrubbed } = await scrubbing(t, set);
    const getMany = set.database.getMany;
    set.database.getMany = (async () => {
      throw new Error('IO error: it burns');
    }) as never;
    await set.clock.advance(START_MS + 1_000);
    assert.deepEqual([codes(replica), scrubbed()], [['READ_FAILED'], [0, 0]]);
    assert.match(
      replica.status().incidents[0]!.message,
      /cannot be scrubbed \(IO error: it burns\)/,
    );
    await set.clock.advance(2_000);
    assert.deepEqual([codes(replica), scrubbed()], [['READ_FAILED'], [0, 1]]);
    await set.clock.advance(IDLE_MS);
    assert.deepEqual(codes(replica), ['READ_FAILED', 'READ_FAILED'], 'once more in the next pass');
    set.database.getMany = getMany;
    await set.clock.advance(1_000);
    assert.deepEqual(scrubbed(), [10, 1]);
    assert.equal(replica.status().scrub.running, true);
  });

  it('is reported for nodes too, and the items are still read', async (t) => {
    const set = await MemorySet.of(40);
    const { replica, scrubbed } = await scrubbing(t, set);
    const iterator = set.database.iterator.bind(set.database) as (options: object) => unknown;
    set.database.iterator = ((options: { gte: Uint8Array }) => {
      if (options.gte[KEYS.nodes.gte.length - 1] !== 'n'.charCodeAt(0)) return iterator(options);
      throw new Error('IO error: it burns');
    }) as never;
    await set.clock.advance(START_MS + 2_000);
    assert.deepEqual([codes(replica), scrubbed()], [['READ_FAILED'], [30, 0]]);
    await set.clock.advance(1_000);
    assert.deepEqual(scrubbed(), [40, 1]);
    assert.deepEqual(codes(replica), ['READ_FAILED', 'READ_FAILED'], 'once more in the next pass');
  });

  it('is not reported while the store has failed, and scrubbing waits at its place', async (t) => {
    const set = await MemorySet.of(40);
    const { replica, scrubbed } = await scrubbing(t, set);
    const { getMany } = set.database;
    set.disk.free = 0;
    tapBatches(set.database, async () => {
      throw new Error('IO error: it burns');
    });
    await assert.rejects(replica.put([item(900)]));
    await set.clock.advance(START_MS);
    assert.deepEqual(scrubbed(), [10, 0], 'it goes on while there is something to read');
    set.database.getMany = (async () => {
      throw new Error('IO error: it burns');
    }) as never;
    await set.clock.advance(3_000);
    assert.deepEqual([codes(replica), scrubbed()], [['WRITE_FAILED'], [10, 0]]);
    set.database.getMany = getMany;
    await set.clock.advance(1_000);
    assert.deepEqual(scrubbed(), [20, 0], 'nothing was passed over');
    await set.clock.advance(2_000);
    assert.deepEqual(scrubbed(), [40, 1]);
  });
});
