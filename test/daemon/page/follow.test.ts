import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ClientError } from '../../../src/daemon/client/index.ts';
import { follow } from '../../../src/daemon/page/live/index.ts';
import {
  INITIAL_STATE,
  KEPT_ARRIVALS,
  type PageEvent,
  reduce,
} from '../../../src/daemon/page/state/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeSource } from './fake-source.ts';
import { second } from './state.ts';

/** A page that follows a daemon, until the test ends. */
function following(t: TestContext) {
  const over = new AbortController();
  t.after(() => over.abort());
  const [clock, client] = [new VirtualClock(), new FakeSource()];
  const events: PageEvent[] = [];
  let locks = 0;
  follow({
    ...{ clock, client, signal: over.signal },
    dispatch: (event) => events.push(event),
    locked: () => locks++,
  });
  const state = () => events.reduce(reduce, INITIAL_STATE);
  return { clock, client, events, state, over, locks: () => locks };
}

describe('the page follows a daemon', () => {
  it('and reads four times a second at most, at 10,000 items a second', async (t) => {
    const { clock, client, state } = following(t);
    await clock.advance(1_000);
    const before = client.reads.length;
    for (let i = 0; i < 1_000; i++) {
      client.arrive(100);
      await clock.advance(10);
    }
    await clock.advance(1_000);
    assert.ok(client.reads.length - before <= 45, `${client.reads.length - before} reads`);
    assert.ok(client.reads.every(({ limit }) => limit === KEPT_ARRIVALS));
    const { arrivals } = state();
    assert.equal(arrivals.entries[0]!.seq, 100_000);
    assert.equal(arrivals.newest, 100_000);
    assert.ok(arrivals.skipped > 90_000 && arrivals.skipped < 100_000);
  });

  it('and passes over no item that arrives alone', async (t) => {
    const { clock, client, state } = following(t);
    await clock.advance(1_000);
    for (let i = 0; i < 5; i++) {
      client.arrive(1);
      await clock.advance(300);
    }
    const { arrivals } = state();
    assert.deepEqual(
      arrivals.entries.map(({ seq }) => seq),
      [5, 4, 3, 2, 1],
    );
    assert.equal(arrivals.skipped, 0);
  });

  it('and begins anew where the order of arrival was written again, twice', async (t) => {
    const { clock, client, state } = following(t);
    for (const epoch of ['1'.repeat(16), '2'.repeat(16)]) {
      await clock.advance(1_000);
      client.feedFault = new ClientError(410, 'FEED_RESET', 'begin again');
      client.epoch = epoch;
      client.arrive(1);
      await clock.advance(1_000);
      client.arrive(1);
      await clock.advance(1_000);
      assert.equal(state().arrivals.epoch, epoch);
    }
  });

  it('and asks whether a new item is at all peers until that is proved', async (t) => {
    const { clock, client } = following(t);
    await clock.advance(1_000);
    assert.equal(client.strictQuestions.length, 0);
    client.arrive(1);
    await clock.advance(500);
    assert.equal(client.strictQuestions.length, 1, 'soon after it came');
    await clock.advance(1_000);
    assert.equal(client.strictQuestions.length, 2);
    client.equalAt = second(1);
    await clock.advance(20_000);
    assert.equal(client.strictQuestions.length, 3, 'not once it is proved');
  });

  it('and asks five times at most about one item, and never about a flood', async (t) => {
    const { clock, client } = following(t);
    await clock.advance(1_000);
    client.arrive(1);
    await clock.advance(60_000);
    assert.equal(client.strictQuestions.length, 5);
    client.arrive(KEPT_ARRIVALS);
    await clock.advance(60_000);
    assert.equal(client.strictQuestions.length, 5);
  });

  it('and tells when no answer comes, and goes on when one does, twice', async (t) => {
    const { clock, client, state } = following(t);
    for (let i = 0; i < 2; i++) {
      client.fault = new TypeError('fetch failed');
      await clock.advance(3_000);
      assert.equal(state().connection.state, 'lost');
      client.fault = null;
      await clock.advance(3_000);
      assert.equal(state().connection.state, 'live');
    }
  });

  it('and ends all calls once the daemon asks for its token', async (t) => {
    const { clock, client, state, locks } = following(t);
    await clock.advance(1_000);
    client.fault = new ClientError(401, 'UNAUTHORIZED', 'no token');
    await clock.advance(10_000);
    assert.deepEqual([locks(), state().connection.state], [1, 'locked']);
    const { looks } = client;
    client.fault = null;
    await clock.advance(60_000);
    assert.equal(client.looks, looks);
    assert.equal(clock.pending, 0);
  });

  it('and leaves no timer behind when it ends', async (t) => {
    const { clock, client, over, events } = following(t);
    await clock.advance(1_000);
    over.abort();
    await clock.advance(0);
    const told = events.length;
    assert.equal(clock.pending, 0);
    client.arrive(1);
    await clock.advance(60_000);
    assert.equal(events.length, told);
  });
});
