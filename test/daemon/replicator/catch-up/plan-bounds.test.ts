import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isGivenUp, type Job, Plan } from '../../../../src/daemon/replicator/catch-up/testing.ts';
import type { Surveyed } from '../../../../src/protocol/index.ts';
import { bytesToKey } from '../../../../src/store/index.ts';
import { at, idsOf } from '../support.ts';

/** Parts next to each other, with so many items more at the peer in each. */
function parts(...ahead: readonly number[]): Surveyed[] {
  return ahead.map((theirs, i) => ({
    lower: at(100 * i),
    upper: at(100 * (i + 1)),
    ours: 0,
    theirs,
    differs: theirs !== 0,
  }));
}

function planOf(ahead: readonly number[], peers = 2, init = {}): Plan {
  const plan = new Plan({ sliceItems: 2_000, streamedItems: 256, maxPending: 10_000, ...init });
  plan.begin(parts(...ahead), peers);
  return plan;
}

function begin(plan: Plan, peer: string, alone = false): Job {
  const job = plan.next({ peer, alone, streams: false });
  assert.ok(job !== null, `${peer} has to wait`);
  plan.started(job, peer);
  return job;
}

const expected = ({ slices }: Plan): number[] => slices.map((slice) => slice.expected);
const keys = (ids: readonly Uint8Array[]): string[] => ids.map(bytesToKey);

describe('the slices of a plan', () => {
  it('are joined up to a share of the work, no smaller than 1,024 and no larger than a slice', () => {
    assert.deepEqual(expected(planOf([512, 512, 1])), [1_024, 1]);
    assert.deepEqual(expected(planOf(Array(40).fill(400))), Array(8).fill(2_000));
    // A share of 1,600 for each of four slices a peer.
    assert.deepEqual(expected(planOf(Array(32).fill(400))), Array(8).fill(1_600));
    assert.deepEqual(expected(planOf(Array(16).fill(400), 0)), Array(4).fill(1_600));
    assert.deepEqual(
      expected(planOf([1_000, 1_000, 1_000], 1, { sliceItems: 1_500 })),
      [1_000, 1_000, 1_000],
    );
  });

  it('are not joined over a part that is equal', () => {
    const plan = planOf([10, 0, 10]);
    assert.deepEqual(
      plan.slices.map(({ lower, upper }) => [lower, upper]),
      [
        [at(0), at(100)],
        [at(200), at(300)],
      ],
    );
  });

  it('are surveyed first where they are larger than a slice', () => {
    const plan = planOf([2_000, 2_001]);
    assert.deepEqual(
      plan.slices.map(({ state }) => state),
      ['open', 'coarse'],
    );
    assert.equal(plan.allListed, false);
  });

  it('count at least one item where the peer has no more than we', () => {
    const plan = new Plan({ sliceItems: 10, streamedItems: 256, maxPending: 10 });
    const part = { lower: at(0), upper: at(1), ours: 5, theirs: 5, differs: true };
    plan.begin([part], 1);
    assert.equal(plan.missing, 1);
  });

  it('are listed whole where a survey shows no parts', () => {
    for (const [shown, kind] of [
      [[3_000], 'list'],
      [[], 'list'],
      [[2_500, 500], 'survey'],
    ] as const) {
      const plan = planOf([3_000]);
      const job = begin(plan, 'a');
      assert.equal(job.kind, 'survey');
      plan.surveyed(job.slice, parts(...shown), 2);
      assert.equal(begin(plan, 'a').kind, kind);
    }
  });

  it('take the place of the one that was surveyed', () => {
    const plan = planOf([1_500, 3_000, 1_501]);
    begin(plan, 'a');
    const job = begin(plan, 'b');
    plan.surveyed(job.slice, parts(1_600, 0, 1_700), 2);
    assert.deepEqual(expected(plan), [1_500, 1_600, 1_700, 1_501]);
  });
});

describe('the count of pending ids of a plan', () => {
  it('includes each listed and missing id once, over all slices', () => {
    const plan = planOf([1_500, 1_500]);
    const [first, second] = ['a', 'b'].map((peer) => begin(plan, peer).slice);
    plan.learnt(first!, idsOf(3));
    plan.learnt(first!, idsOf(4));
    plan.learnt(second!, idsOf(2, 10));
    assert.equal(plan.pending, 6);
    assert.equal(plan.missing, 3_000);
    assert.equal(plan.stored(keys([...idsOf(2), ...idsOf(1, 10), ...idsOf(5, 50)])), 3);
    assert.equal(plan.pending, 3);
    assert.deepEqual([plan.cameFrom('a'), plan.cameFrom('b'), plan.cameFrom('c')], [2, 1, 0]);
    assert.equal(plan.stored(keys(idsOf(2))), 0, 'they were stored before');
    assert.equal(plan.missing, 1_498 + 1_499);
    plan.listed(first!, null);
    assert.equal(plan.missing, 2 + 1_499);
    assert.equal(plan.allListed, false);
    plan.listed(second!, null);
    assert.deepEqual([plan.missing, plan.allListed], [3, true]);
    plan.stored(keys([...idsOf(4), ...idsOf(2, 10)]));
    assert.deepEqual([plan.missing, plan.pending], [0, 0]);
  });

  it('is at least the number of listed ids where a peer stated too few', () => {
    const plan = planOf([2]);
    const { slice } = begin(plan, 'a');
    plan.learnt(slice, idsOf(5));
    assert.equal(plan.missing, 5);
    plan.stored(keys(idsOf(4)));
    assert.equal(slice.expected, 0);
    assert.equal(plan.missing, 1);
  });

  it('decreases when a job fails, a peer leaves or a slice is opened again', () => {
    const plan = planOf([1_500, 1_500, 1_500], 3, { maxPending: 5 });
    for (const end of ['failed', 'left', 'reopened']) {
      const job = begin(plan, end);
      plan.learnt(job.slice, idsOf(5));
      assert.equal(
        plan.next({ peer: 'x', alone: false, streams: false }),
        null,
        'all the room is taken',
      );
      if (end === 'failed') plan.failed(job);
      else plan.listed(job.slice, null);
      if (end === 'left') plan.left(end);
      if (end === 'reopened') plan.reopen(job.slice);
      assert.equal(plan.pending, 0, end);
      assert.notEqual(plan.next({ peer: 'x', alone: false, streams: false }), null);
    }
  });

  it('stops listings at its bound, but no checks', () => {
    const plan = planOf([1_500, 1_500, 1_500], 2, { maxPending: 3 });
    plan.listed(begin(plan, 'a').slice, null);
    const { slice } = begin(plan, 'a');
    plan.learnt(slice, idsOf(3));
    assert.equal(plan.next({ peer: 'a', alone: false, streams: false }), null);
    assert.equal(plan.next({ peer: 'b', alone: false, streams: false })?.kind, 'check');
    plan.stored(keys(idsOf(1)));
    assert.equal(plan.next({ peer: 'a', alone: false, streams: false })?.kind, 'list');
  });
});

describe('a slice', () => {
  it('continues behind the end of its list, and stays whole without a list', () => {
    const plan = planOf([1_500, 1_600, 1_700]);
    begin(plan, 'x');
    const job = begin(plan, 'a');
    plan.learnt(job.slice, idsOf(1_600));
    plan.listed(job.slice, at(140));
    const [, , rest] = plan.slices;
    assert.deepEqual(expected(plan), [1_500, 1_600, 1, 1_700], 'one item is expected at least');
    assert.deepEqual([rest!.lower, rest!.upper], [at(140), at(200)]);
    plan.listed(begin(plan, 'b').slice, at(140));
    assert.equal(plan.slices.length, 4, 'nothing of it was listed');
  });

  it('is streamed from as many missing items on as streamedItems, and listed below', () => {
    for (const [missing, kind] of [
      [299, 'list'],
      [300, 'stream'],
    ] as const) {
      const job = planOf([missing], 1, { streamedItems: 300 }).next({
        peer: 'a',
        alone: true,
        streams: true,
      });
      assert.equal(job?.kind, kind, `${missing} items`);
    }
  });

  it('is surveyed where its rest is larger than a slice', () => {
    const plan = planOf([2_000], 1, { sliceItems: 2_000 });
    const job = begin(plan, 'a');
    job.slice.expected = 2_002;
    plan.learnt(job.slice, idsOf(1));
    plan.listed(job.slice, at(10));
    assert.equal(plan.slices[1]!.state, 'coarse');
  });

  it('is not given again to the peer that did not deliver it, unless it is alone', () => {
    const plan = planOf([1_500]);
    plan.failed(begin(plan, 'a'));
    assert.equal(plan.next({ peer: 'a', alone: false, streams: false }), null);
    assert.notEqual(plan.next({ peer: 'a', alone: true, streams: false }), null);
    plan.failed(begin(plan, 'b'));
    assert.notEqual(plan.next({ peer: 'a', alone: false, streams: false }), null);
    assert.equal(plan.next({ peer: 'b', alone: false, streams: false }), null);
  });

  it('is given up after it failed to arrive five times, and no sooner', () => {
    const plan = planOf([1_500]);
    for (let times = 1; times <= 5; times++) {
      assert.equal(plan.done, false, `after ${times - 1} times`);
      plan.failed(begin(plan, times % 2 === 0 ? 'a' : 'b'));
    }
    assert.deepEqual([plan.done, isGivenUp(plan.slices[0]!)], [true, true]);
    const other = planOf([1_500]);
    for (let times = 1; times <= 4; times++)
      other.failed(begin(other, times % 2 === 0 ? 'a' : 'b'));
    other.listed(begin(other, 'c').slice, null);
    other.compared(begin(other, 'd').slice);
    assert.deepEqual([other.done, isGivenUp(other.slices[0]!)], [true, false]);
  });

  it('whose check failed is checked again, by any peer but its lister', () => {
    const plan = planOf([1_500]);
    plan.listed(begin(plan, 'a').slice, null);
    for (const _ of [1, 2, 3, 4, 5, 6]) {
      const job = begin(plan, 'b');
      assert.equal(job.kind, 'check');
      plan.learnt(job.slice, idsOf(1));
      plan.failed(job);
      assert.equal(plan.pending, 0);
    }
    assert.equal(plan.next({ peer: 'a', alone: false, streams: false }), null);
    plan.compared(begin(plan, 'b').slice);
    assert.equal(plan.done, true);
  });

  it('that its checker does not deliver is listed again by another peer', () => {
    const plan = planOf([1_500]);
    plan.listed(begin(plan, 'a').slice, null);
    const { slice } = begin(plan, 'b');
    plan.learnt(slice, idsOf(1));
    plan.compared(slice);
    assert.equal(slice.checked, true);
    plan.reopen(slice);
    assert.deepEqual([slice.checked, slice.lister, slice.state], [false, 'b', 'open']);
    assert.equal(plan.missing, 0, 'it is not known that anything is');
    assert.equal(plan.next({ peer: 'b', alone: false, streams: false }), null);
    plan.listed(begin(plan, 'a').slice, null);
    assert.equal(begin(plan, 'b').kind, 'check', 'it is checked anew');
  });

  it('is listed by others after its peer left, if items of it are missing', () => {
    const plan = planOf([1_500, 1_500, 1_500]);
    const [fetching, listing, other] = ['a', 'a', 'b'].map((peer) => begin(plan, peer).slice);
    for (const [i, slice] of [fetching!, other!].entries()) {
      plan.learnt(slice, idsOf(1, i));
      plan.listed(slice, null);
    }
    plan.left('a');
    assert.deepEqual(
      [fetching!, listing!, other!].map(({ state }) => state),
      ['open', 'listing', 'fetching'],
    );
    assert.equal(fetching!.failures, 0, 'it is no fault of the slice');
    assert.equal(plan.pending, 1);
    assert.equal(
      plan.next({ peer: 'a', alone: false, streams: false })?.slice,
      fetching,
      'it may list it when it is back',
    );
  });

  it('is left unchecked by a lone peer only where all others are stored or closed', () => {
    const plan = planOf([1_500, 1_500]);
    plan.listed(begin(plan, 'a').slice, null);
    const { slice } = begin(plan, 'a');
    assert.equal(plan.next({ peer: 'a', alone: true, streams: false }), null);
    assert.equal(plan.done, false, 'one is being listed');
    plan.listed(slice, null);
    assert.equal(plan.next({ peer: 'a', alone: false, streams: false }), null);
    assert.equal(plan.done, false);
    assert.equal(plan.next({ peer: 'a', alone: true, streams: false }), null);
    assert.equal(plan.done, true);
  });
});
