import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diff } from '../../../../src/daemon/node/explain/testing.ts';
import type { Comparison, NamedIds, SessionReport } from '../../../../src/protocol/index.ts';
import { bytesToHex, INFINITE_BOUND, ZERO_BOUND } from '../../../../src/store/index.ts';
import { sessionReport } from '../../../support/reports.ts';

const id = (fill: number) => new Uint8Array(32).fill(fill);
const hex = (fill: number) => bytesToHex(id(fill));

function finding(mine: number, theirs: number): Partial<SessionReport> {
  const interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
  const rest = {
    whole: false,
    refused: 0,
    refusedThere: 0,
    proved: true,
    continueFrom: null,
    spent: null,
  };
  return { equal: mine + theirs === 0, finding: { interval, mine, theirs, ...rest } };
}

/** A comparison whose session names these ids and ends so. */
function compare(named: NamedIds[], change: Partial<SessionReport> | null, limit = 3) {
  const asked: object[] = [];
  const parts = {
    replica: { head: async (id: Uint8Array) => (id[0] === 9 ? undefined : { hint: 7n, bytes: 1 }) },
    replicator: {
      async compare(peer: string, scope: { interval: object; found: Comparison }) {
        asked.push({ peer, interval: scope.interval, tell: scope.found.tell });
        for (const ids of named) scope.found.take(ids);
        return change === null ? null : sessionReport(change);
      },
    },
  };
  return { asked, answer: diff({ peerId: 'p', from: 1n, to: 5n, limit }, parts) };
}

describe('a comparison with a peer', () => {
  it('names the keys on either side, with the hints that are known', async () => {
    const { asked, answer } = compare(
      [
        { missing: [id(1)], have: [id(2)] },
        { missing: [], have: [id(9)], unlisted: [id(3)] },
      ],
      finding(2, 2),
    );
    assert.deepEqual(await answer, {
      peerId: 'p',
      from: '1',
      to: '5',
      equal: false,
      truncated: false,
      counts: { here: 2, there: 2 },
      onlyHere: [
        { id: hex(2), hint: '7' },
        { id: hex(9), hint: null },
      ],
      onlyThere: [{ id: hex(1), hint: null }],
      unlisted: [{ id: hex(3), hint: '7' }],
    });
    const interval = { lower: { hint: 1n, id: null }, upper: { hint: 5n, id: null } };
    assert.deepEqual(asked, [{ peer: 'p', interval, tell: 3 }]);
  });

  it('says that sets are equal', async () => {
    const answer = await compare([], finding(0, 0)).answer;
    assert.deepEqual([answer.equal, answer.truncated], [true, false]);
  });

  it('is refused where a role hides one of the sets', async () => {
    const interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
    const outline = { interval, whole: false, count: 0, root: id(0) };
    const silent = { ...outline, gives: false };
    const there = compare([], { outlines: { ours: outline, theirs: silent } });
    const message = /not compared: this node may only write, see access.write there/;
    await assert.rejects(there.answer, { code: 'ROLE_WRITE', message });
    const here = compare([], { outlines: { ours: silent, theirs: outline } });
    await assert.rejects(here.answer, {
      code: 'ROLE_WRITE',
      message: /: p may only write, .* here/,
    });
  });

  it('says so if it does not name all keys', async () => {
    const missing = [1, 2, 3].map(id);
    const whole = await compare([{ missing }], finding(0, 3)).answer;
    assert.deepEqual([whole.truncated, whole.onlyThere.length], [false, 3]);
    const cut = await compare([{ missing }, { missing: [id(4)] }], finding(0, 4)).answer;
    assert.deepEqual([cut.truncated, cut.onlyThere.length, cut.counts.there], [true, 3, 4]);
    const mine = await compare([{ missing: [], have: missing }], finding(4, 0)).answer;
    assert.deepEqual([mine.truncated, mine.counts.here], [true, 4]);
  });

  it('keeps what it found if the session ran out of its budget', async () => {
    const error = { code: 'BUDGET_SPENT', message: 'm' };
    const answer = await compare([{ missing: [id(1)] }], { equal: false, error }).answer;
    assert.deepEqual([answer.equal, answer.truncated, answer.counts.there], [false, true, 1]);
    const none = await compare([], { equal: false, error }).answer;
    assert.deepEqual([none.equal, none.truncated], [false, true]);
  });

  it('is refused with the error of its session, or if the peer settles nothing', async () => {
    const error = { code: 'DIALECT_CANNOT_TELL', message: 'm' };
    await assert.rejects(compare([], { error }).answer, error);
    const late = { code: 'TIMEOUT', message: 'm' };
    await assert.rejects(compare([], { error: late, rounds: 0 }).answer, late);
    await assert.rejects(compare([], null).answer, { code: 'ABORTED' });
    const reset = { code: 'STREAM_FAILED', message: 'the peer reset the stream' };
    const paused = { code: 'STREAM_FAILED', message: /reset the stream: .* have paused .*status/ };
    await assert.rejects(compare([], { error: reset, rounds: 0 }).answer, paused);
    await assert.rejects(compare([], { error: reset, rounds: 2 }).answer, reset);
    const busy = { code: 'BUSY', message: /^p settles no differences now.*try again/ };
    await assert.rejects(compare([], { role: 'responder' }).answer, busy);
    await assert.rejects(compare([], { equal: false, mode: 'survey' }).answer, busy);
  });
});
