import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Job, Plan } from '../../../../src/daemon/replicator/catch-up/testing.ts';
import type { Surveyed } from '../../../../src/protocol/index.ts';
import { type Bound, bytesToKey, INFINITE_BOUND } from '../../../../src/store/index.ts';
import { SeededRandom } from '../../../support/random.ts';

const at = (hint: number): Bound => ({ hint: BigInt(hint), id: null });
const random = new SeededRandom('plan');
const ids = (count: number): Uint8Array[] => Array.from({ length: count }, () => random.bytes(32));

/** `count` parts in a row, `theirs` items in each at the peer and `ours` here. */
function parts(count: number, theirs: number, ours = 0, first = 0): Surveyed[] {
  return Array.from({ length: count }, (_, i) => ({
    lower: at(first + 100 * i),
    upper: i === count - 1 ? INFINITE_BOUND : at(first + 100 * (i + 1)),
    ours,
    theirs,
    differs: theirs !== ours,
  }));
}

function plan(init: { sliceItems?: number; maxPending?: number } = {}): Plan {
  return new Plan({ sliceItems: 2_000, streamedItems: 256, maxPending: 10_000, ...init });
}

/** The peer's next job, begun. */
function begin(plan: Plan, peer: string): Job {
  const job = plan.next({ peer: peer, alone: false, streams: false });
  assert.ok(job !== null, `${peer} has to wait`);
  plan.started(job, peer);
  return job;
}

describe('the plan of a catch-up', () => {
  it('gives slices out in key order, each to one peer', () => {
    const slices = plan();
    slices.begin(parts(6, 2_000), 2);
    assert.equal(slices.missing, 12_000);
    const given = ['a', 'b', 'a', 'b', 'a', 'b'].map((peer) => begin(slices, peer).slice);
    assert.deepEqual(
      given.map(({ lower }) => Number(lower.hint)),
      [0, 100, 200, 300, 400, 500],
    );
    assert.equal(slices.next({ peer: 'a', alone: false, streams: false }), null);
  });

  it('skips equal parts, and joins small ones', () => {
    const slices = plan();
    const [first, second, third, ...rest] = parts(8, 10);
    slices.begin([first!, second!, { ...third!, differs: false }, ...rest], 1);
    assert.deepEqual(
      slices.slices.map(({ lower, expected }) => [Number(lower.hint), expected]),
      [
        [0, 20],
        [300, 50],
      ],
    );
    assert.equal(slices.slices[0]!.upper.hint, 200n);
  });

  it('surveys a part that is too large first, and replaces it by its parts', () => {
    const slices = plan();
    slices.begin(parts(2, 20_000), 2);
    const job = begin(slices, 'a');
    assert.equal(job.kind, 'survey');
    slices.surveyed(job.slice, parts(10, 2_000).slice(0, 9), 2);
    assert.equal(slices.slices.length, 10);
    assert.equal(begin(slices, 'a').kind, 'list');
    assert.equal(slices.slices.at(-1)!.state, 'coarse');
  });

  it('closes a slice once it is stored and a second peer has shown the same', () => {
    const slices = plan();
    slices.begin(parts(1, 3), 2);
    const job = begin(slices, 'a');
    const listed = ids(3);
    slices.learnt(job.slice, listed);
    slices.listed(job.slice, null);
    assert.equal(
      slices.next({ peer: 'b', alone: false, streams: false }),
      null,
      'it is not here yet',
    );
    slices.stored(listed.map(bytesToKey));
    assert.equal(slices.missing, 0);
    assert.equal(
      slices.next({ peer: 'a', alone: false, streams: false }),
      null,
      'who listed it does not check it',
    );
    const check = begin(slices, 'b');
    assert.equal(check.kind, 'check');
    slices.compared(check.slice);
    assert.ok(slices.done);
  });

  it('fetches the additional items of the second peer before it closes', () => {
    const slices = plan();
    slices.begin(parts(1, 3), 2);
    slices.listed(begin(slices, 'a').slice, null);
    const check = begin(slices, 'b');
    const omitted = ids(2);
    slices.learnt(check.slice, omitted);
    slices.compared(check.slice);
    assert.ok(!slices.done);
    assert.equal(slices.missing, 2);
    slices.stored(omitted.map(bytesToKey));
    assert.ok(slices.done);
  });

  it('discards the result of a failed comparison', () => {
    const slices = plan();
    slices.begin(parts(1, 3), 2);
    slices.listed(begin(slices, 'a').slice, null);
    const check = begin(slices, 'b');
    slices.learnt(check.slice, ids(2));
    slices.failed(check);
    assert.equal(slices.pending, 0);
    assert.equal(begin(slices, 'c').kind, 'check');
  });

  it('closes without a second peer where there is none', () => {
    const slices = plan();
    slices.begin(parts(1, 3), 1);
    slices.listed(begin(slices, 'a').slice, null);
    assert.equal(slices.next({ peer: 'a', alone: true, streams: false }), null);
    assert.ok(slices.done);
  });

  it('continues behind the stop of a session', () => {
    const slices = plan();
    slices.begin(parts(1, 1_000), 2);
    const { slice } = begin(slices, 'a');
    slices.learnt(slice, ids(400));
    slices.listed(slice, at(40));
    assert.equal(slice.upper.hint, 40n);
    const rest = begin(slices, 'b').slice;
    assert.deepEqual([rest.lower.hint, rest.upper], [40n, INFINITE_BOUND]);
    assert.equal(rest.expected, 600);
  });

  it('lists up to the bound of pending ids', () => {
    const slices = plan({ maxPending: 1_000 });
    slices.begin(parts(3, 2_000), 2);
    const { slice } = begin(slices, 'a');
    const listed = ids(1_000);
    slices.learnt(slice, listed);
    assert.equal(slices.next({ peer: 'b', alone: false, streams: false }), null);
    slices.stored(listed.slice(0, 1).map(bytesToKey));
    assert.notEqual(slices.next({ peer: 'b', alone: false, streams: false }), null);
  });

  it('gives undelivered slices to other peers, and gives up in the end', () => {
    const slices = plan();
    slices.begin(parts(1, 5), 2);
    const job = begin(slices, 'a');
    slices.learnt(job.slice, ids(5));
    slices.listed(job.slice, null);
    slices.left('a');
    assert.equal(slices.pending, 0);
    for (let i = 0; i < 5; i++) slices.failed(begin(slices, i % 2 === 0 ? 'b' : 'c'));
    assert.ok(slices.done, 'the sessions that close the catch-up go on from here');
  });
});
