import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readU64BE } from '../../../../src/store/index.ts';
import { setKeys } from '../../../../src/store/replica/records/index.ts';
import { Reclaim, type ReclaimInit } from '../../../../src/store/replica/retention/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';

const KEYS = setKeys('set');
const MIB = 1024 * 1024;

/** Whether a range of payloads was compacted, by its hints, and whether the records of all items were. */
interface Compacted {
  payloads: [from: number, to: number] | null;
  all: boolean;
}

/** Room to give back, in a database of which each range is one piece, and which is replaced after some. */
function roomOf(items: number, replacedAfter = Number.POSITIVE_INFINITY) {
  const starts: [string, number, number][] = [];
  let pieces = 0;
  let replaced = false;
  const database = {
    approximateSize: async () => 1,
    compactRange: async (start: Uint8Array, end: Uint8Array) => {
      const hint = (key: Uint8Array): number => Number(readU64BE(key, 5));
      starts.push([String.fromCharCode(start[4]!), hint(start), hint(end)]);
      replaced = ++pieces === replacedAfter;
    },
  };
  const lifecycle = {
    get database() {
      return replaced ? {} : database;
    },
    state: { items, order: 7n, arrivalsBegin: 5 },
    refusal: null,
  };
  const clock = new VirtualClock();
  const init = { keys: KEYS, clock, lifecycle } as unknown as ReclaimInit;
  const reclaim = new Reclaim(init);
  const run = async (left: number): Promise<Compacted> => {
    starts.length = 0;
    replaced = false;
    const running = reclaim.run(left);
    await clock.advance(1_000);
    await running;
    const payloads = starts.find(([letter]) => letter === 'p');
    const letters = starts.map(([letter]) => letter).join('');
    return { payloads: payloads ? [payloads[1], payloads[2]] : null, all: letters === 'ainps' };
  };
  return { reclaim, run };
}

describe('giving room back', () => {
  it('waits until it pays to compact the payloads: by items, or by bytes', async () => {
    for (const [less, enough] of [
      [
        { items: 9_999, bytes: 16 * MIB - 1 },
        { items: 1, bytes: 0 },
      ],
      [
        { items: 9_998, bytes: 16 * MIB - 1 },
        { items: 1, bytes: 1 },
      ],
    ] as const) {
      const { reclaim, run } = roomOf(1_000_000);
      assert.deepEqual(await run(0), { payloads: null, all: false });
      reclaim.removed(less, 41n);
      assert.deepEqual(await run(0), { payloads: null, all: false });
      reclaim.removed(enough, 42n);
      assert.deepEqual(await run(0), { payloads: [0, 43], all: false });
      assert.deepEqual(await run(0), { payloads: null, all: false }, 'once');
      reclaim.removed({ items: 10_000, bytes: 0 }, 50n);
      assert.deepEqual(await run(0), { payloads: [43, 51], all: false }, 'behind the last time');
    }
  });

  it('rewrites the records of all items where half as many were removed, at the end a twentieth', async () => {
    const { reclaim, run } = roomOf(200_000);
    reclaim.removed({ items: 99_999, bytes: 0 }, 1n);
    assert.equal((await run(1)).all, false);
    reclaim.removed({ items: 10_000, bytes: 0 }, 2n);
    assert.equal((await run(1)).all, true);
    reclaim.removed({ items: 10_000, bytes: 0 }, 3n);
    assert.equal((await run(1)).all, false);
    assert.equal((await run(0)).payloads, null, 'nothing was removed since');
    reclaim.removed({ items: 10_000, bytes: 0 }, 4n);
    assert.equal((await run(0)).all, true);
    reclaim.removed({ items: 9_999, bytes: 16 * MIB }, 5n);
    assert.equal((await run(0)).all, false);
  });

  it('goes over payloads again where it was cut off', async () => {
    const { reclaim, run } = roomOf(20_000, 2);
    reclaim.removed({ items: 10_000, bytes: 0 }, 9n);
    assert.equal((await run(1)).payloads, null, 'they come after two other ranges');
    reclaim.removed({ items: 1, bytes: 0 }, 19n);
    assert.deepEqual(await run(1), { payloads: [0, 20], all: true });
    assert.deepEqual(await run(1), { payloads: null, all: false });
  });
});
