import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProtocolError } from '../../../../src/protocol/index.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { assertQuiet, pair } from './pair.ts';

const PROTOCOL = '/rangemesh/test/tiny/1';
const LARGE = { maxFrameBytes: 1 << 20 };

describe('ReconcileService: both sides start', () => {
  // The offsets cover every order of open, accept, first frame, answer and close on both sides.
  for (const [firstId, secondId] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    it(`one session serves both when ${firstId} starts first, whatever the delay`, async () => {
      for (let delay = 0; delay <= 130; delay += 1) {
        const both = await pair({ link: { latencyMs: 10 }, warmUp: 1 });
        const first = both[firstId];
        const second = both[secondId];
        const one = first.service.reconcile(secondId);
        await both.clock.advance(delay);
        const alreadyOver = second.ended.length;
        const two = second.service.reconcile(firstId);
        await both.clock.advance(60_000);
        const reports = await soon(both.clock, 'each session ends', Promise.all([one, two]), 0);
        for (const report of reports) assert.equal(report.error, null, `delay ${delay}`);
        const sessions = 1 + alreadyOver;
        assert.deepEqual(
          [first.ended.length, second.ended.length],
          [sessions, sessions],
          `delay ${delay}`,
        );
        if (sessions === 1) {
          assert.deepEqual(
            new Set(reports.map(({ role }) => role)),
            new Set(['initiator', 'responder']),
          );
        }
        assert.deepEqual(new Set(both.a.learnt), new Set([4]));
        assert.deepEqual(new Set(both.b.learnt), new Set([1, 2]));
        assertQuiet(both);
      }
    });
  }

  it('the stream of the smaller id stays when both start at the same moment', async () => {
    const { clock, a, b } = await pair();
    const running = [a.service.reconcile('b'), b.service.reconcile('a')];
    await clock.advance(1_000);
    assert.deepEqual(
      (await soon(clock, 'each session ends', Promise.all(running), 0)).map(({ role }) => role),
      ['initiator', 'responder'],
    );
  });

  it('one session serves both under jitter and bandwidth limits, over many seeds', async () => {
    for (let seed = 0; seed < 40; seed++) {
      const link = { latencyMs: 5, jitterMs: 30, bytesPerMs: 20 };
      const both = await pair({ link, seed: `jitter ${seed}`, warmUp: seed % 3 });
      const random = new SeededRandom(seed);
      const running: Promise<unknown>[] = [];
      const errors: unknown[] = [];
      await both.clock.advance(100);
      for (let i = 0; i < 10; i++) {
        const [own, peer] = random.fraction() < 0.5 ? [both.a, 'b'] : [both.b, 'a'];
        running.push(own.service.reconcile(peer).then(({ error }) => error && errors.push(error)));
        await both.clock.advance(random.fraction() * 80);
      }
      await both.clock.advance(60_000);
      await soon(both.clock, 'each session ends', Promise.all(running), 0);
      assert.deepEqual(errors, [], `seed ${seed}`);
      assert.equal(both.a.ended.length, both.b.ended.length, `seed ${seed}`);
      assertQuiet(both);
    }
  });

  it('the larger id gets an error when the stream it yields for never arrives', async () => {
    const { clock, network, b } = await pair({ options: { openTimeoutMs: 2_000 } });
    await network.node('a').unhandle(PROTOCOL);
    await network
      .node('a')
      .handle(PROTOCOL, (channel) => channel.abort(new ProtocolError('BUSY', 'no')), LARGE);
    const begin = clock.monotonic();
    const running = b.service.reconcile('a');
    await clock.advance(60_000);
    const report = await soon(clock, 'each session ends', running, 0);
    assert.equal(report.error?.code, 'STREAM_FAILED');
    assert.ok(clock.monotonic() - begin >= 2_000);
    assert.equal(b.ended.length, 1);
  });
});
