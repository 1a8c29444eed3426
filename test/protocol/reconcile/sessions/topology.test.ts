import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../../../support/clock.ts';
import { MemoryNetwork } from '../../../support/memory-network.ts';
import { SeededRandom } from '../../../support/random.ts';
import { soon } from '../../../support/soon.ts';
import { tinyDialect } from '../../../support/tiny-dialect.ts';
import { idsOf, Peer } from './reconcile-harness.ts';

const named = (name: string) => `/rangemesh/test/${name}/1`;

/** A node that speaks x and y, and one whose protocols the test opens and shuts. */
async function setUp() {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('comings') });
  const dialects = ['x', 'y'].map((name) => tinyDialect({ name }));
  const node = new Peer({ network: network.node('a'), clock, ids: idsOf(1), dialects });
  const other = network.node('b');
  network.connect('a', 'b', { latencyMs: 1 });
  await node.service.start();
  const shows = async (...events: string[]): Promise<void> => {
    await clock.advance(10);
    assert.deepEqual(node.comings.splice(0), events);
  };
  const speaks = (name: string) =>
    other.handle(named(name), () => new Promise(() => {}), { maxFrameBytes: 99 });
  return { clock, network, node, other, shows, speaks };
}

describe('a peer that speaks several dialects', () => {
  it('connects with the first of them and leaves with the last, time after time', async () => {
    const { node, other, shows, speaks } = await setUp();
    for (let round = 0; round < 2; round++) {
      await speaks('x');
      await shows('+b');
      await speaks('y');
      await shows();
      await other.unhandle(named('x'));
      await shows();
      assert.deepEqual(node.service.peers, ['b']);
      await other.unhandle(named('y'));
      await shows('-b');
      assert.deepEqual(node.service.peers, []);
    }
  });

  it('stays connected as long as it speaks one', async () => {
    const { node, other, clock, speaks } = await setUp();
    for (const name of ['x', 'y']) await speaks(name);
    await clock.advance(10);
    const running = node.service.reconcile('b');
    await clock.advance(10);
    assert.equal(node.service.runs('b'), true);
    await other.unhandle(named('x'));
    await clock.advance(10);
    assert.equal(node.service.runs('b'), true, 'the session goes on');
    await other.unhandle(named('y'));
    const { error, dialect } = await soon(clock, 'the session ends', running, 10);
    assert.deepEqual([error?.code, dialect], ['STREAM_FAILED', 'x']);
    assert.equal(node.service.runs('b'), false);
    const later = await soon(clock, 'it ends', node.service.reconcile('b'), 0);
    assert.equal(later.error?.code, 'UNKNOWN_PEER');
  });
});

describe('a service', () => {
  it('starts and stops repeatedly, and reports its peers once each time', async () => {
    const { node, network, shows, speaks, clock } = await setUp();
    await speaks('y');
    await shows('+b');
    for (let round = 0; round < 2; round++) {
      await node.service.start();
      await shows();
      for (let twice = 0; twice < 2; twice++) {
        await soon(clock, 'it stops', node.service.stop(), 10);
        assert.deepEqual(node.service.peers, []);
      }
      network.disconnect('a', 'b');
      network.connect('a', 'b');
      await shows();
      await node.service.start();
      await shows('+b');
    }
  });

  it('serves no dialect once it has stopped', async () => {
    const { node, other, clock, speaks } = await setUp();
    await speaks('x');
    await clock.advance(10);
    await node.service.stop();
    for (const name of ['x', 'y']) {
      const opening = other.open('a', named(name), { maxFrameBytes: 99 });
      await assert.rejects(soon(clock, 'it is refused', opening, 10), {
        code: 'UNSUPPORTED_PROTOCOL',
      });
    }
  });

  it('warns of a session that failed, and of no other', async () => {
    const lines: string[] = [];
    const log = {
      debug: (_: object, message: string) => lines.push(message),
      warn: (fields: object, message: string) => lines.push(`${message} ${'code' in fields}`),
    };
    const clock = new VirtualClock();
    const network = new MemoryNetwork({ clock, random: new SeededRandom('log') });
    const make = (name: string) =>
      new Peer({ network: network.node(name), clock, ids: idsOf(1), log });
    const [a, b] = [make('a'), make('b')];
    await Promise.all([a, b].map(({ service }) => service.start()));
    network.connect('a', 'b', { latencyMs: 1 });
    await clock.advance(10);
    await soon(clock, 'it ends', a.service.reconcile('b'));
    assert.deepEqual(lines, ['session ended', 'session ended']);
    await soon(clock, 'it ends', a.service.reconcile('stranger'));
    assert.deepEqual(lines.slice(2), ['session failed true']);
  });
});
