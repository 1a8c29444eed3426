import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { why } from '../../../../src/daemon/replicator/testing.ts';
import {
  MAX_RECORD_BYTES,
  type WantsFile,
  WantsKeeper,
} from '../../../../src/daemon/replicator/upkeep/index.ts';
import {
  decodeWants,
  encodeWants,
  MAX_KEPT,
} from '../../../../src/daemon/replicator/upkeep/testing.ts';
import { ReconciliationSet } from '../../../../src/protocol/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { idOf, idsOf, Lines } from '../support.ts';

const PATIENCE_MS = 3_600_000;
const START = 1_700_000_040_000;

interface Change {
  maxKept?: number;
  maxExpired?: number;
  file?: Partial<WantsFile> | null;
}

function setUp(t: TestContext, { file = {}, ...bounds }: Change = {}) {
  const clock = new VirtualClock(START);
  const wanted = new ReconciliationSet({ now: () => clock.now() });
  const saved: Uint8Array[] = [];
  const log = new Lines();
  const seen = { restored: 0 };
  const keeper = new WantsKeeper({
    wanted,
    file: file && {
      load: async () => saved.at(-1) ?? null,
      save: async (record) => void saved.push(record),
      ...file,
    },
    clock,
    logger: log.logger,
    expireAfterMs: PATIENCE_MS,
    holds: () => false,
    restored: () => seen.restored++,
    ...bounds,
  });
  t.after(() => assert.equal(clock.pending, 0, 'a timer is left'));
  const kept = (): number[] => saved.map((record) => decodeWants(record)!.length);
  return { clock, wanted, saved, log, seen, keeper, kept };
}

describe('the saved list of wants', () => {
  it('is limited, and so is its record', async (t) => {
    const { wanted, keeper, kept } = setUp(t, { maxKept: 3 });
    wanted.add('a', idsOf(3));
    await keeper.stop();
    wanted.add('a', idsOf(4));
    keeper.start();
    await keeper.stop();
    assert.deepEqual(kept(), [3, 3]);
    const want = { id: idOf(1), since: START, confirmed: true };
    const record = encodeWants(Array(MAX_KEPT).fill(want));
    assert.equal(record.length, MAX_RECORD_BYTES);
  });

  it('is saved every ten seconds as long as ids are wanted', async (t) => {
    const { clock, wanted, keeper, kept } = setUp(t);
    keeper.start();
    for (const round of [1, 2]) {
      wanted.add('a', [idOf(round)]);
      keeper.touch();
      keeper.touch();
      assert.equal(clock.pending, 1);
      await clock.advance(20_000);
      wanted.received(idOf(round));
      await clock.advance(30_000);
      assert.equal(clock.pending, 0, 'nothing is wanted, and it goes on all the same');
    }
    assert.deepEqual(kept(), [1, 1, 0, 1, 1, 0]);
    await keeper.stop();
  });

  it('is saved again after a save that failed, and an empty one too', async (t) => {
    let fails = true;
    const saved: number[] = [];
    const save = async (record: Uint8Array) => {
      if (fails) throw new Error('no disk');
      saved.push(decodeWants(record)!.length);
    };
    const { clock, wanted, keeper, log } = setUp(t, { file: { save } });
    keeper.start();
    wanted.add('a', [idOf(1)]);
    keeper.touch();
    await clock.advance(10_000);
    assert.equal(log.with('WANTS_FILE_UNUSABLE').length, 1);
    fails = false;
    await clock.advance(10_000);
    wanted.received(idOf(1));
    fails = true;
    await clock.advance(10_000);
    assert.equal(log.with('WANTS_FILE_UNUSABLE').length, 2);
    fails = false;
    await keeper.stop();
    assert.deepEqual(saved, [1, 0]);
  });

  it('is emptied once all its items have arrived', async (t) => {
    const first = setUp(t);
    first.saved.push(encodeWants([{ id: idOf(1), since: START, confirmed: false }]));
    first.keeper.start();
    await settle();
    assert.deepEqual([first.seen.restored, first.wanted.size], [1, 1]);
    first.wanted.received(idOf(1));
    await first.keeper.stop();
    assert.deepEqual(first.kept(), [1, 0]);
  });

  it('restores no id where it is empty, missing or unreadable', async (t) => {
    const load = async (): Promise<never> => {
      throw new Error('EACCES');
    };
    for (const [file, warnings] of [
      [{ load: async () => null }, 0],
      [{ load: async () => encodeWants([]) }, 0],
      [{ load: async () => new Uint8Array(5) }, 1],
      [{ load }, 1],
      [null, 0],
    ] as const) {
      const { clock, keeper, seen, log } = setUp(t, { file });
      keeper.start();
      await settle();
      assert.equal(seen.restored, 0);
      assert.equal(clock.pending, 0);
      assert.equal(log.with('WANTS_FILE_UNUSABLE').length, warnings);
      await keeper.stop();
    }
  });

  it('is not restored where it was stopped before it was read, nor saved again once stopped', async (t) => {
    const record = encodeWants([{ id: idOf(1), since: START, confirmed: false }]);
    const { clock, keeper, wanted, seen, kept } = setUp(t, { file: { load: async () => record } });
    keeper.start();
    await keeper.stop();
    assert.deepEqual([wanted.size, seen.restored], [0, 0]);
    wanted.add('a', [idOf(2)]);
    keeper.touch();
    await clock.advance(20_000);
    assert.deepEqual(kept(), []);
  });
});

describe('expired ids', () => {
  it('are remembered up to a limit, the oldest forgotten first', async (t) => {
    const { clock, wanted, keeper, log } = setUp(t, { maxExpired: 2 });
    keeper.start();
    for (const [round, known] of [
      [[1], [1]],
      [[2], [1, 2]],
      [[3], [2, 3]],
      [
        [4, 5, 6],
        [5, 6],
      ],
    ] as const) {
      wanted.add('a', round.map(idOf));
      keeper.touch();
      await clock.advance(PATIENCE_MS + 70_000);
      assert.equal(wanted.size, 0);
      const told = [1, 2, 3, 4, 5, 6].filter((one) => keeper.expiredAt(idOf(one)) !== undefined);
      assert.deepEqual(told, known);
    }
    assert.equal(log.lines.filter(({ event }) => event === 'wants_expired').length, 4);
    await keeper.stop();
  });

  it('include confirmed ids too, later, also over a restart with a clock that was ahead', async (t) => {
    const { clock, wanted, saved, keeper } = setUp(t);
    const ahead = { id: idOf(2), since: START + 1_000 * PATIENCE_MS, confirmed: true };
    saved.push(encodeWants([ahead]));
    keeper.start();
    await settle();
    for (const peer of ['a', 'b']) wanted.add(peer, [idOf(1)]);
    keeper.touch();
    await clock.advance(3 * PATIENCE_MS);
    assert.equal(wanted.size, 2);
    await keeper.stop();
    for (const id of [1, 2].map(idOf)) wanted.received(id);
    keeper.start();
    await settle();
    assert.deepEqual(
      [...wanted.wants(2)].map(({ since, confirmed }) => [since, confirmed]),
      [
        [START, true],
        [START, true],
      ],
    );
    await clock.advance(PATIENCE_MS - 60_000);
    assert.equal(wanted.size, 2);
    await clock.advance(130_000);
    assert.equal(wanted.size, 0);
    assert.notEqual(keeper.expiredAt(idOf(1)), undefined);
    await keeper.stop();
  });
});

describe('the reason why an item is missing', () => {
  it('includes the facts of the want list', () => {
    const wanted = new ReconciliationSet({ now: () => START });
    const init = {
      wanted,
      refused: { witnesses: () => ['w'] },
      attempts: { of: () => [] },
      keeper: { expiredAt: () => 7 },
      expireAfterMs: PATIENCE_MS,
    };
    for (const peer of ['a', 'b']) wanted.add(peer, [idOf(1)]);
    wanted.enlarge(idOf(1), { peer: 'a', bytes: 9 });
    wanted.claimLarge('b', { max: 1, maxBytes: 9 });
    assert.deepEqual(why(idOf(1), init), {
      state: 'wanted',
      since: START,
      confirmed: true,
      sources: ['a', 'b'],
      attempts: [],
      fetchingFrom: 'b',
      bytes: 9,
      expiresAt: START + 4 * PATIENCE_MS,
    });
    assert.deepEqual(why(idOf(2), init), { state: 'refused', peers: ['w'] });
    assert.deepEqual(why(idOf(2), { ...init, refused: { witnesses: () => [] } }), {
      state: 'expired',
      at: 7,
      attempts: [],
    });
  });
});
