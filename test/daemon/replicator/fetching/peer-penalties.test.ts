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

function sourceOf(): FetchSource {
  return new FetchSource('p', new BackOff({ baseMs: 1_000, maxMs: 60_000 }));
}

const INVALID = fetchReport({ outcome: 'invalid', endedAt: idOf(1) });
const DELIVERED = fetchReport({ items: 1 });

describe('what a request means for its source', () => {
  for (const outcome of ['stalled', 'failed'] as const) {
    it(`is that it is not believed after eight that ${outcome} in a row, until it delivers`, () => {
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

  it('is not that it brings nothing where something came before it failed', () => {
    const source = sourceOf();
    const some = fetchReport({ outcome: 'stalled', items: 1 });
    for (let times = 1; times <= 20; times++) assert.deepEqual(judge(source, some, 0), REST);
  });

  it('is that it is not believed after wrong bytes for three ids, and anew once one went well', () => {
    const source = sourceOf();
    for (const _ of [1, 2]) {
      assert.deepEqual(judge(source, INVALID, 0), REST);
      assert.deepEqual(judge(source, INVALID, 0), REST);
      assert.deepEqual(judge(source, DELIVERED, 0), FINE);
    }
    for (const expected of [REST, REST, OUT]) assert.deepEqual(judge(source, INVALID, 0), expected);
  });

  it('is that it is not believed at once after a frame that belongs to no id', () => {
    assert.deepEqual(judge(sourceOf(), fetchReport({ outcome: 'invalid' }), 0), OUT);
  });

  it('is not that it lacks things in vain when its bytes are wrong', () => {
    const source = sourceOf();
    for (let times = 1; times <= 10; times++) judge(source, INVALID, 0);
    assert.equal(bringsNothing(source), false);
  });

  it('is one rest a listing for what it had listed and lacks', () => {
    const source = sourceOf();
    for (const _ of [1, 2]) {
      assert.deepEqual(judge(source, fetchReport(), 1), REST);
      assert.deepEqual(judge(source, fetchReport(), 1), FINE);
      source.penalised = false;
    }
    assert.deepEqual(judge(source, fetchReport(), 0), FINE);
  });

  it('is that it is not believed when it lacks 256 ids and delivers nothing meanwhile', () => {
    const source = sourceOf();
    for (const _ of [1, 2]) {
      source.penalised = true;
      assert.deepEqual(judge(source, fetchReport(), 255), FINE);
      assert.deepEqual(judge(source, fetchReport(), 1), OUT);
      assert.equal(bringsNothing(source), true);
      assert.deepEqual(judge(source, fetchReport(), 255), FINE, 'it is counted anew');
      assert.deepEqual(judge(source, DELIVERED, 0), FINE);
      assert.equal(bringsNothing(source), false);
    }
    assert.deepEqual(judge(source, DELIVERED, 255), FINE, 'what it delivered counts first');
    assert.deepEqual(judge(source, fetchReport(), 1), OUT);
  });

  it('is that it starts afresh once it brought something, and only then', () => {
    const source = sourceOf();
    source.backOff.next();
    judge(source, fetchReport(), 0);
    assert.equal(source.onProbation, true);
    judge(source, DELIVERED, 1);
    assert.equal(source.onProbation, true, 'it rests for what it lacks');
    judge(source, DELIVERED, 0);
    assert.equal(source.onProbation, false);
  });

  it('is that it is a liar after three wrong lengths, for good', () => {
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
