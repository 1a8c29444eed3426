import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { SimulatedMesh } from '../../simulation/simulated-mesh.ts';
import { sessionReport } from '../../support/reports.ts';
import { EVERYTHING, findingOf, itemOf } from './support.ts';

const RARE = { intervalMs: 3_600_000, intervalMaxMs: 3_600_000, settleMaxMs: 3_600_000 };

/** A node that `p` is said to be connected with, and that nothing happens to by itself. */
async function nodeOf(t: TestContext) {
  const mesh = new SimulatedMesh('statements', RARE);
  t.after(() => mesh.stop());
  const node = await mesh.add('node');
  const { replicator, replica } = node;
  replicator.peerConnected('p');
  let started = mesh.clock.now();
  return {
    mesh,
    replica,
    events: replicator,
    /** A session ends that proved all it found. */
    ended: (theirs: number, refused = 0) =>
      replicator.ended(
        sessionReport({
          startedAt: ++started,
          equal: false,
          version: replica.version,
          missing: theirs,
          finding: findingOf({ theirs, refused }),
        }),
      ),
    covered: () => replicator.statements.of('p').coversAsOf,
    started: () => started,
  };
}

const [FIRST, SECOND] = [itemOf(1), itemOf(2)];

describe('the statements of a replicator', () => {
  it('become true when the items of a session are on the disk', async (t) => {
    const { replica, events, ended, covered, started } = await nodeOf(t);
    events.missing('p', [FIRST.id, SECOND.id]);
    ended(2);
    await replica.put([FIRST]);
    assert.equal(covered(), null);
    await replica.put([SECOND]);
    const at = started();
    assert.deepEqual(covered(), { at, begunAt: at, interval: EVERYTHING, whole: true });
  });

  it('do not wait for items that arrived during the session', async (t) => {
    const { replica, events, ended, covered } = await nodeOf(t);
    events.missing('p', [FIRST.id]);
    await replica.put([FIRST]);
    ended(1);
    assert.notEqual(covered(), null);
  });

  it('are not made after a session whose connection was lost', async (t) => {
    const { replica, events, ended, covered } = await nodeOf(t);
    for (const _ of [1, 2]) {
      events.missing('p', [FIRST.id]);
      events.peerDisconnected('p');
      events.peerConnected('p');
      ended(1);
      await replica.put([FIRST]);
      assert.equal(covered(), null, 'a false coversAsOf: the connection was lost meanwhile');
    }
    events.missing('p', [SECOND.id]);
    ended(1);
    events.peerDisconnected('p');
    await replica.put([SECOND]);
    assert.equal(covered(), null, 'a false coversAsOf: the connection was lost meanwhile');
  });

  it('include the findings of a session with a peer that left', async (t) => {
    const { events, ended, covered } = await nodeOf(t);
    events.peerDisconnected('p');
    events.missing('p', [FIRST.id]);
    ended(1);
    assert.equal(covered(), null, 'a false coversAsOf: what it found is not here');
  });

  it('leave out the items of the peer that are refused', async (t) => {
    const { ended, covered } = await nodeOf(t);
    assert.equal(covered(), null);
    ended(1, 1);
    assert.notEqual(covered(), null);
  });
});

describe('the statements of two nodes', () => {
  it('follow each session to its end on both sides, and the next one too', async (t) => {
    const mesh = new SimulatedMesh('two');
    t.after(() => mesh.stop());
    for (const id of ['a', 'b']) await mesh.add(id);
    const [a, b] = mesh.nodes;
    const statements = () => [a!.replicator.statements.of('b'), b!.replicator.statements.of('a')];
    for (const round of [1, 2]) {
      await b!.replica.put([{ hint: BigInt(round), payload: new Uint8Array([round]) }]);
      const before = mesh.clock.now();
      mesh.link(0, 1);
      await mesh.clock.advance(5_000);
      for (const { coversAsOf, equalAsOf } of statements()) {
        assert.ok(coversAsOf!.at >= before, 'nothing was proved');
        assert.ok(equalAsOf!.at >= before);
      }
      mesh.network.disconnect('a', 'b');
      await mesh.clock.advance(1_000);
    }
  });
});
