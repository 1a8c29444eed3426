import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bringsNothing,
  FetchSource,
  isLiar,
  type Judgement,
  judge,
  judgeLie,
} from '../../../../src/daemon/replicator/fetching/testing.ts';
import { BackOff } from '../../../../src/daemon/testing.ts';
import { fetchReport } from '../../../support/reports.ts';
import { idOf } from '../support.ts';

const REST: Judgement = { rest: true, disbelieved: false };
const FINE: Judgement = { rest: false, disbelieved: false };
const OUT: Judgement = { rest: true, disbelieved: true };
const FALSE_LIST: Judgement = { ...OUT, falseList: true };

function sourceOf(): FetchSource {
  return new FetchSource('p', new BackOff({ baseMs: 1_000, maxMs: 60_000 }));
}

const INVALID = fetchReport({ outcome: 'invalid', endedAt: idOf(1) });
const DELIVERED = fetchReport({ items: 1 });

describe('the judgement on a source after a request', () => {
  for (const outcome of ['stalled', 'failed'] as const) {
    it(`is distrust after eight that ${outcome} in a row, until it delivers`, () => {
      const source = sourceOf();
      const vain = fetchReport({ outcome });
      for (const _ of [1, 2]) {
        for (let times = 1; times <= 7; times++) assert.deepEqual(judge(source, vain, 0), REST);
        assert.equal(bringsNothing(source), false);
        assert.deepEqual(judge(source, vain, 0), OUT);
        assert.deepEqual(judge(source, vain, 0), OUT);
        assert.equal(bringsNothing(source), true);
        assert.deepEqual(judge(source, fetchReport({ outcome, items: 1 }), 0), REST);
        assert.equal(bringsNothing(source), false);
      }
    });
  }

  it('is no failure where an item arrived first', () => {
    const source = sourceOf();
    const some = fetchReport({ outcome: 'stalled', items: 1 });
    for (let times = 1; times <= 20; times++) assert.deepEqual(judge(source, some, 0), REST);
  });

  it('is distrust after wrong bytes for three ids, counted afresh after a success', () => {
    const source = sourceOf();
    for (const _ of [1, 2]) {
      assert.deepEqual(judge(source, INVALID, 0), REST);
      assert.deepEqual(judge(source, INVALID, 0), REST);
      assert.deepEqual(judge(source, DELIVERED, 0), FINE);
    }
    for (const expected of [REST, REST, OUT]) assert.deepEqual(judge(source, INVALID, 0), expected);
  });

  it('is distrust at once after a frame that belongs to no id', () => {
    assert.deepEqual(judge(sourceOf(), fetchReport({ outcome: 'invalid' }), 0), OUT);
  });

  it('counts no absent ids when its bytes are wrong', () => {
    const source = sourceOf();
    for (let times = 1; times <= 10; times++) judge(source, INVALID, 0);
    assert.equal(bringsNothing(source), false);
  });

  it('is one rest a listing for listed ids that it lacks', () => {
    const source = sourceOf();
    for (const _ of [1, 2]) {
      assert.deepEqual(judge(source, fetchReport(), 1), REST);
      assert.deepEqual(judge(source, fetchReport(), 1), FINE);
      source.penalised = false;
    }
    assert.deepEqual(judge(source, fetchReport(), 0), FINE);
  });

  it('is distrust when it lacks 256 ids and delivers none meanwhile', () => {
    const source = sourceOf();
    for (const _ of [1, 2]) {
      source.penalised = true;
      assert.deepEqual(judge(source, fetchReport(), 255), FINE);
      assert.deepEqual(judge(source, fetchReport(), 1), FALSE_LIST);
      assert.equal(bringsNothing(source), true);
      assert.deepEqual(judge(source, fetchReport(), 255), FINE, 'it is counted anew');
      assert.deepEqual(judge(source, DELIVERED, 0), FINE);
      assert.equal(bringsNothing(source), false);
    }
    assert.deepEqual(judge(source, DELIVERED, 255), FINE, 'delivered items count first');
    assert.deepEqual(judge(source, fetchReport(), 1), FALSE_LIST);
  });

  it('starts afresh once it delivered an item, and only then', () => {
    const source = sourceOf();
    source.backOff.next();
    judge(source, fetchReport(), 0);
    assert.equal(source.onProbation, true);
    judge(source, DELIVERED, 1);
    assert.equal(source.onProbation, true, 'it rests for the ids it lacks');
    judge(source, DELIVERED, 0);
    assert.equal(source.onProbation, false);
  });

  it('is permanent distrust of its lengths after three wrong ones', () => {
    const source = sourceOf();
    for (const expected of [REST, REST, OUT, OUT]) assert.deepEqual(judgeLie(source), expected);
    judge(source, DELIVERED, 0);
    assert.equal(isLiar(source), true);
    const other = sourceOf();
    judgeLie(other);
    judgeLie(other);
    assert.equal(isLiar(other), false);
  });
});
