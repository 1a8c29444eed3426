import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { inShort, Judge, type JudgeInit } from '../judge.ts';

const keys = keysOf(14, 5_000);
const judge = (init: Partial<JudgeInit> = {}) => new Judge({ keys, ...init });

describe('a group that did not decode', () => {
  const again = (items: number, density: number, symbols = 16) => {
    const one = judge();
    const estimate = density * 2 * items;
    const said = one.retry([[0, items]], { count: items, estimate, symbols });
    assert.deepEqual(
      one.abandoned.map(({ number }) => number),
      [7],
    );
    assert.equal(inShort(said)[0], `fail 7: ${Math.round(estimate)}`);
    return inShort(said).slice(1);
  };

  it('is listed by ids above 0.7 differences an item, up to 4,096 items', () => {
    assert.deepEqual(again(4_096, 0.71), ['take 1', ...lists(4_096)]);
    assert.deepEqual(again(4_097, 0.71), ['split 16']);
    assert.deepEqual(again(300, 0.7), ['split 16']);
    assert.deepEqual(again(20, 0.71), ['take 1', 'list 32x20']);
    assert.deepEqual(again(20, 0.7), ['take 1', 'list 4x20']);
  });

  it('is listed by short ids above 0.25, up to 256 items, unless it was a probe', () => {
    assert.deepEqual(again(256, 0.26), ['take 1', 'list 4x256']);
    assert.deepEqual(again(257, 0.26), ['split 16']);
    assert.deepEqual(again(256, 0.25), ['split 16']);
    assert.deepEqual(again(256, 0.26, 0), ['split 16']);
  });

  it('is listed up to 32 items, and split above', () => {
    for (const symbols of [0, 16]) {
      assert.deepEqual(again(32, 0.1, symbols), ['take 1', 'list 4x32']);
      assert.deepEqual(again(33, 0.1, symbols), ['split 16']);
    }
  });

  it('is answered range by range, each by its own size', () => {
    const one = judge();
    const ranks: [number, number][] = [
      [0, 10],
      [100, 200],
      [300, 300],
    ];
    const said = inShort(one.retry(ranks, { count: 110, estimate: 10 }));
    assert.deepEqual(said, ['fail 7: 10', 'take 1', 'list 4x10', 'split 16', 'want 1']);
    const known = one.announced.slice(0, 16).map(({ cluster }) => cluster);
    assert.deepEqual(
      known,
      new Array(16).fill({ differences: null }),
      'of one of many nothing is known',
    );
    const single = judge();
    single.retry([[100, 200]], { count: 100, estimate: 10 });
    assert.deepEqual(single.announced[0]!.cluster, { differences: 10 });
  });

  it('that holds nothing of ours is asked for, and of which the peer has nothing is sent', () => {
    const one = judge();
    assert.deepEqual(inShort(one.retry([[5, 5]], { count: 9, estimate: 9 })), [
      'fail 7: 9',
      'want 1',
    ]);
    const said = inShort(one.retry([[5, 9]], { count: 0, estimate: 4 }));
    assert.deepEqual(said, ['fail 7: 4', 'all', 'piece 4, the last']);
  });

  it('is put off as well when a budget is spent', () => {
    const one = judge();
    one.compare(one.range(0, 30, 30));
    one.spent = 'everything (limit)';
    assert.deepEqual(inShort(one.retry([[40, 90]], { count: 50, estimate: 9 })), [
      'fail 7: 9',
      'later 1',
    ]);
  });
});

/** Records that a list of so many ids takes: as many as fit into frames of 64 KiB. */
function lists(ids: number): string[] {
  const most = Math.floor((65_536 - 64) / 32);
  return Array.from(
    { length: Math.ceil(ids / most) },
    (_, i) => `list 32x${Math.min(most, ids - i * most)}`,
  );
}

describe('the parts of a cluster', () => {
  /** Sixteen parts of so many items, those from `from` to `to` differ; so many differences in all. */
  const parts = (items: number, [from, to]: [number, number], differences: number | null) => {
    const one = judge();
    const cluster = { differences };
    const ranges = Array.from({ length: 16 }, (_, i) => {
      const [begin, end] = [items * i, items * (i + 1)] as const;
      return i >= from && i < to
        ? one.range(begin, end, items, cluster)
        : one.equal(begin, end, cluster);
    });
    return { one, said: inShort(one.compare(...ranges)) };
  };

  it('that are a quarter or fewer are narrowed, more are settled as any others', () => {
    assert.deepEqual(
      parts(40, [4, 8], 5).said.filter((said) => said.startsWith('split')).length,
      4,
    );
    const { said } = parts(40, [4, 9], 5);
    assert.ok(
      said.every((one) => !one.startsWith('split')),
      said.join(),
    );
    // Unless more than 0.25 of their items differ.
    const dense = 0.25 * 2 * 5 * 40;
    assert.ok(parts(40, [4, 9], dense + 1).said.includes('probe 40'));
    assert.ok(!parts(40, [4, 9], dense).said.includes('probe 40'));
  });

  it('within a dense one are probed, its ends are split, down to 32 items', () => {
    const { said } = parts(33, [4, 8], 0.5 * 2 * 4 * 33);
    assert.deepEqual(said, [
      'same 4',
      'split 16',
      'take 1',
      'probe 33',
      'take 1',
      'probe 33',
      'split 16',
      'same 8',
    ]);
    const few = parts(32, [4, 8], 0.5 * 2 * 4 * 32).said;
    assert.deepEqual(few, ['same 4', 'take 4', 'same 8', 'list 4x128']);
  });

  it('within one where nearly all differs are listed by ids, its ends by short ids', () => {
    const density = (each: number) => parts(30, [4, 8], each * 2 * 4 * 30).said;
    assert.deepEqual(density(0.71), [
      'same 4',
      ...['take 1', 'list 4x30', 'take 2', 'list 32x60', 'take 1', 'same 8', 'list 4x30'],
    ]);
    assert.deepEqual(density(0.7), ['same 4', 'take 4', 'same 8', 'list 4x120']);
  });

  it('at the edge of what was split count as within, where everything may differ', () => {
    const { said } = parts(40, [0, 2], 0.5 * 2 * 2 * 40);
    assert.deepEqual(said, ['take 1', 'probe 40', 'split 16', 'same 14']);
    const { said: last } = parts(40, [14, 16], 0.5 * 2 * 2 * 40);
    assert.deepEqual(last, ['same 14', 'split 16', 'take 1', 'probe 40']);
  });

  it('are taken to differ everywhere if the number of differences is unknown', () => {
    const { said, one } = parts(40, [4, 8], null);
    assert.deepEqual(said, [
      'same 4',
      'split 16',
      'take 1',
      'probe 40',
      'take 1',
      'probe 40',
      'split 16',
      'same 8',
    ]);
    assert.deepEqual(one.announced[0]!.cluster, { differences: null });
  });

  it('pass on how many differences each is thought to have', () => {
    const { one } = parts(40, [4, 8], 16);
    // 16 among 4 * 80 items of both sides, so 4 in each.
    assert.deepEqual(
      one.announced.map(({ cluster }) => cluster?.differences),
      new Array(64).fill(4),
    );
  });

  it('are probed up to 4,096 items', () => {
    for (const [items, said] of [
      [4_096, 'probe 4096'],
      [4_097, 'split 16'],
    ] as const) {
      const one = judge();
      const range = one.range(0, items, items, { differences: items });
      assert.deepEqual(inShort(one.compare(range)).at(-1), said);
    }
  });
});
