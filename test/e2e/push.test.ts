import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Status } from '../../src/daemon/index.ts';
import { everywhere, line } from './support/line.ts';
import { type Running, until } from './support/mesh.ts';

describe('push', () => {
  it('delivers short items and keys of long ones to a node two steps away, each once', async (context) => {
    const nodes = await line(context, ['a', 'b', 'c'], []);
    const [a] = nodes as [Running];
    const sessions = await sessionsOf(nodes);
    const long = new Uint8Array(1024 * 1024).fill(7);
    await a.client.put(long);
    for (let i = 0; i < 20; i++) await a.client.put(new TextEncoder().encode(`short ${i}`));
    const [atA, atB, atC] = (await everywhere(nodes, 21)) as [Status, Status, Status];
    const stored = performance.now();
    assert.equal(atA.push!.announced, 21);
    assert.equal(atB.push!.received, 21);
    assert.equal(atC.push!.received, 21);
    // Short items never went through fetching, and the long one once for each node.
    assert.equal(atB.transfer.receivedBytes, long.length);
    assert.equal(atC.transfer.receivedBytes, long.length);
    assert.equal(atA.transfer.sentBytes, long.length);
    for (const { push } of [atA, atB, atC]) {
      assert.deepEqual([push!.rejected, push!.ignored, push!.gaps, push!.dropped], [0, 0, 0, 0]);
    }
    // Three times as long as a change that was not pushed would take to ask for a session.
    await until(
      async () => performance.now() - stored,
      (passed) => passed > 1_500,
    );
    assert.deepEqual(await sessionsOf(nodes), sessions);
  });
});

async function sessionsOf(nodes: readonly Running[]): Promise<(string | undefined)[]> {
  const statuses = await Promise.all(nodes.map(({ client }) => client.status()));
  return statuses.flatMap(({ peers }) => peers.map(({ lastSession }) => lastSession?.startedAt));
}
