import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

/** Milliseconds that an opening is on its way. */
const LATE_MS = 4_000;
const LATENCY_MS = 10;

/** Two connected nodes. */
async function connected(lasting: boolean) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('as of') });
  const make = (id: string) =>
    new Peer({
      network: network.node(id),
      clock,
      ids: idsOf(1),
      dialects: [tinyDialect({ lasting })],
    });
  const [a, b] = [make('a'), make('b')];
  await Promise.all([a.service.start(), b.service.start()]);
  const link: LinkInit = { latencyMs: LATENCY_MS };
  network.connect('a', 'b', link);
  await clock.advance(50);
  /** A session begun by `from`; its reports there and at the other node. */
  const session = async (from: Peer, to: Peer) => {
    const running = from.service.reconcile(to.id);
    await clock.advance(3 * LATE_MS);
    const report = await soon(clock, 'each session ends', running, 0);
    assert.equal(report.error, null);
    return [report, to.ended.at(-1)!] as const;
  };
  return { clock, link, a, b, session };
}

describe('the moment as of which a session proves', () => {
  it('is the start for a node that began it', async () => {
    const { a, b, session } = await connected(true);
    const [own] = await session(a, b);
    assert.equal(own.asOf, own.startedAt);
  });

  for (const lasting of [false, true]) {
    const stream = lasting ? 'a lasting stream' : 'a stream of its own';
    it(`lies before the snapshot of the peer that began it on ${stream}, however long the opening took`, async () => {
      const { link, a, b, session } = await connected(lasting);
      for (const late of [0, LATE_MS, 0, LATE_MS]) {
        link.moreMs = [late, 0];
        const [own, served] = await session(a, b);
        assert.equal(served.role, 'responder');
        assert.ok(served.startedAt >= served.asOf);
        assert.ok(served.asOf <= own.startedAt, `${served.asOf - own.startedAt} ms behind it`);
      }
    });
  }

  it('lies behind the first frame of the session before on a lasting stream', async () => {
    const { link, a, b, session } = await connected(true);
    const [, before] = await session(a, b);
    link.moreMs = [LATE_MS, 0];
    const [own, served] = await session(a, b);
    const opening = 2 * LATENCY_MS;
    assert.equal(served.asOf, before.startedAt + opening, 'the first frame answers the opening');
    const [ours] = await session(b, a);
    link.moreMs = [0, 0];
    const [, last] = await session(a, b);
    assert.ok(own.startedAt < ours.startedAt);
    assert.equal(last.asOf, ours.startedAt);
  });
});
