import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { why } from '../../../../src/daemon/replicator/testing.ts';
import { WantsKeeper } from '../../../../src/daemon/replicator/upkeep/index.ts';
import { decodeWants, encodeWants } from '../../../../src/daemon/replicator/upkeep/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { bytesToHex } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { assertProperty } from '../../../support/property.ts';

const HOUR_MS = 3_600_000;
const START = 1_700_000_040_000;
const id = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const hex = (ids: Iterable<Uint8Array>): string[] => [...ids].map(bytesToHex);

describe('the record of wants', () => {
  const want = fc.record(
    {
      id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      since: fc.nat({ max: 2 ** 31 - 1 }).map((minutes) => minutes * 60_000),
      confirmed: fc.boolean(),
    },
    { noNullPrototype: true },
  );

  it('decodes to what was encoded', () => {
    assertProperty(
      fc.property(fc.array(want, { maxLength: 40 }), (wants) => {
        assert.deepEqual(decodeWants(encodeWants(wants)), wants);
      }),
      { numRuns: 100 },
    );
  });

  it('is ignored when it is cut or changed', () => {
    const record = encodeWants([{ id: id(1), since: START, confirmed: true }]);
    for (let length = 0; length < record.length; length++) {
      assert.equal(decodeWants(record.subarray(0, length)), null);
    }
    for (let at = 0; at < record.length; at++) {
      const changed = record.slice();
      changed[at]! ^= 1;
      assert.equal(decodeWants(changed), null, `byte ${at}`);
    }
  });
});

describe('WantsKeeper', () => {
  let clock: VirtualClock;
  let saved: Uint8Array | null;
  let saves: number;
  let held: Set<string>;

  beforeEach(() => {
    clock = new VirtualClock(START);
    saved = null;
    saves = 0;
    held = new Set();
  });

  afterEach(() => assert.equal(clock.pending, 0, 'a timer is left'));

  function keeper(): { keeper: WantsKeeper; wanted: ReconciliationSet; restored: () => number } {
    const wanted = new ReconciliationSet({ now: () => clock.now() });
    let times = 0;
    const made = new WantsKeeper({
      wanted,
      file: {
        load: async () => saved,
        save: async (record) => {
          saves++;
          saved = record;
        },
      },
      clock,
      logger: pino({ level: 'silent' }),
      expireAfterMs: 24 * HOUR_MS,
      holds: (one) => held.has(bytesToHex(one)),
      restored: () => times++,
    });
    made.start();
    return { keeper: made, wanted, restored: () => times };
  }

  it('lists many wants in slices, while they come and go', async () => {
    const many = 5_000;
    const ids = Array.from({ length: many }, (_, i) => {
      const one = new Uint8Array(32);
      new DataView(one.buffer).setUint32(0, i);
      return one;
    });
    const { keeper: first, wanted } = keeper();
    wanted.add('ann', ids);
    first.touch();
    await settle();
    const { after } = clock;
    let slices = 0;
    clock.after = (ms, callback) => {
      if (ms === 0) {
        for (const at of [slices, many - 1 - slices]) wanted.received(ids[at]!);
        slices++;
      }
      return after.call(clock, ms, callback);
    };
    await clock.advance(10_000);
    clock.after = after;
    assert.equal(slices, 2);
    assert.equal(saves, 1);
    // The two at the beginning had been listed.
    assert.equal(decodeWants(saved!)!.length, many - 2);
    for (const one of ids) wanted.received(one);
    await first.stop();
  });

  it('wants the same ids after a restart, without items stored since', async () => {
    const first = keeper();
    first.wanted.add('ann', [1, 2, 3].map(id));
    first.wanted.add('bob', [id(2)]);
    first.keeper.touch();
    await first.keeper.stop();
    held.add(bytesToHex(id(3)));
    clock = new VirtualClock(START + HOUR_MS);
    const second = keeper();
    await settle();
    assert.equal(second.restored(), 1);
    assert.deepEqual(hex(second.wanted.missing()), hex([1, 2].map(id)));
    assert.deepEqual(second.wanted.want(id(2)), { id: id(2), since: START, confirmed: true });
    assert.equal(second.wanted.orphans, 2);
    await second.keeper.stop();
  });

  it('saves in batches, orphans first, and an empty list once', async () => {
    const { keeper: kept, wanted } = keeper();
    wanted.add('bob', [id(9)]);
    wanted.add('ann', [1, 2].map(id));
    for (let n = 0; n < 100; n++) kept.touch();
    wanted.drop('ann');
    await clock.advance(9_999);
    assert.equal(saves, 0);
    await clock.advance(1);
    assert.equal(saves, 1);
    assert.deepEqual(hex(decodeWants(saved!)!.map((want) => want.id)), hex([1, 2, 9].map(id)));
    for (const one of [1, 2, 9].map(id)) wanted.received(one);
    await clock.advance(60_000);
    assert.equal(saves, 2);
    assert.equal(decodeWants(saved!)!.length, 0);
    await kept.stop();
    assert.equal(saves, 2);
  });

  it('ignores an invalid file', async () => {
    saved = new Uint8Array(100);
    const { keeper: kept, wanted } = keeper();
    await settle();
    assert.equal(wanted.size, 0);
    await kept.stop();
  });

  it('drops ids that a single peer listed, and remembers them', async () => {
    const { keeper: kept, wanted } = keeper();
    wanted.add('ann', [1, 2].map(id));
    wanted.add('bob', [id(2)]);
    kept.touch();
    const init = {
      wanted,
      refused: { witnesses: () => [] },
      attempts: { of: () => [] },
      keeper: kept,
      expireAfterMs: 24 * HOUR_MS,
    };
    assert.deepEqual(why(id(1), init), {
      state: 'wanted',
      since: START,
      confirmed: false,
      sources: ['ann'],
      attempts: [],
      fetchingFrom: null,
      bytes: null,
      expiresAt: START + 24 * HOUR_MS,
    });
    await clock.advance(24 * HOUR_MS);
    assert.equal(wanted.size, 2);
    await clock.advance(60_000);
    assert.deepEqual(hex(wanted.missing()), hex([id(2)]));
    assert.equal(why(id(1), init).state, 'expired');
    assert.equal(why(id(3), init).state, 'unknown');
    assert.equal(why(id(3), { ...init, refused: { witnesses: () => ['w'] } }).state, 'refused');
    wanted.received(id(2));
    await kept.stop();
  });
});
