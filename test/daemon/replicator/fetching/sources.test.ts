import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type FetchSource,
  RunningRequest,
  Sources,
} from '../../../../src/daemon/replicator/fetching/testing.ts';
import { VirtualClock } from '../../../support/clock.ts';
import { idOf } from '../support.ts';

function setUp(maxGone?: number) {
  const clock = new VirtualClock();
  const sources = new Sources({
    backoffBaseMs: 1_000,
    backoffMaxMs: 4_000,
    ...(maxGone !== undefined && { maxGone }),
  });
  const ready = (): string[] => sources.ready.map(({ peer }) => peer);
  const ask = (source: FetchSource): RunningRequest => {
    const request = new RunningRequest({ source, clock, kind: 'small', ids: [idOf(1)] });
    source.requests.add(request);
    return request;
  };
  return { clock, sources, ready, ask };
}

describe('the sources that may be asked', () => {
  it('take turns, failed ones last', async () => {
    const { clock, sources, ready } = setUp();
    const [a, b, c] = ['a', 'b', 'c'].map((peer) => sources.connected(peer)) as FetchSource[];
    assert.deepEqual(ready(), ['a', 'b', 'c']);
    sources.served(a!);
    assert.deepEqual(ready(), ['b', 'c', 'a']);
    b!.rest(clock, () => undefined);
    assert.deepEqual(ready(), ['c', 'a']);
    await clock.advance(1_000);
    assert.deepEqual(ready(), ['c', 'a', 'b'], 'it has failed');
    b!.backOff.reset();
    assert.deepEqual(ready(), ['b', 'c', 'a']);
    sources.disconnected('c');
    assert.deepEqual(ready(), ['b', 'a']);
    sources.connected('c');
    assert.deepEqual(ready(), ['b', 'a', 'c']);
    sources.served(c!);
    sources.served(b!);
    assert.deepEqual(ready(), ['a', 'c', 'b']);
  });

  it('rest longer after each failure, and are announced afterwards', async () => {
    const { clock, sources } = setUp();
    const source = sources.connected('a');
    let woken = 0;
    const wake = (): void => void woken++;
    for (const [ms, round] of [1_000, 2_000, 4_000, 4_000].entries()) {
      assert.equal(source.rest(clock, wake), round);
      assert.equal(source.resting, true);
      await clock.advance(round - 1);
      assert.deepEqual([source.resting, woken], [true, ms]);
      await clock.advance(1);
      assert.deepEqual([source.resting, woken], [false, ms + 1]);
    }
    assert.equal(source.onProbation, true);
  });

  it('rest once where two requests fail at once', async () => {
    const { clock, sources } = setUp();
    const source = sources.connected('a');
    let woken = 0;
    for (const _ of [1, 2]) source.rest(clock, () => woken++);
    assert.equal(clock.pending, 1);
    await clock.advance(1_999);
    assert.equal(source.resting, true, 'the longer rest counts');
    await clock.advance(1);
    assert.deepEqual([source.resting, woken], [false, 1]);
  });

  it('do not end their rest by a reconnection', async () => {
    const { clock, sources, ready } = setUp();
    const source = sources.connected('a');
    source.rest(clock, () => undefined);
    for (const _ of [1, 2]) {
      sources.disconnected('a');
      assert.equal(sources.connected('a'), source);
      assert.deepEqual(ready(), []);
    }
    await clock.advance(1_000);
    assert.deepEqual(ready(), ['a']);
  });

  it('have their requests aborted when they leave', () => {
    const { sources, ask } = setUp();
    const source = sources.connected('a');
    for (const _ of [1, 2]) {
      const request = ask(source);
      assert.equal(request.signal.aborted, false);
      sources.disconnected('a');
      assert.deepEqual([request.signal.aborted, source.requests.size], [true, 0]);
      sources.connected('a');
    }
    sources.disconnected('never met');
  });

  it('are remembered after they leave, up to a limit, the oldest forgotten first', async () => {
    const { clock, sources } = setUp(2);
    const met = ['a', 'b', 'c', 'd'].map((peer) => sources.connected(peer)) as FetchSource[];
    met[0]!.rest(clock, () => assert.fail('it is forgotten'));
    for (const peer of ['a', 'b']) sources.disconnected(peer);
    assert.equal(sources.get('a'), met[0], 'at the bound');
    sources.disconnected('c');
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((peer) => sources.get(peer) === undefined),
      [true, false, false, false],
    );
    assert.equal(clock.pending, 0, 'its rest is called off');
    sources.disconnected('d');
    assert.equal(sources.get('b'), undefined);
    assert.notEqual(sources.connected('a'), met[0]);
  });

  it('leave no timers and no requests when they are stopped', () => {
    const { clock, sources, ask } = setUp();
    const requests = ['a', 'b'].map((peer) => ask(sources.connected(peer)));
    sources.get('a')!.rest(clock, () => undefined);
    sources.stop();
    assert.equal(clock.pending, 0);
    assert.ok(requests.every(({ signal }) => signal.aborted));
    assert.equal(sources.get('a')!.resting, false);
  });
});
