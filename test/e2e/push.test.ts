import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Status } from '../../src/daemon/index.ts';
import { encodeFrame, encodeRecord } from '../../src/protocol/announce/testing.ts';
import { announceTopic } from '../../src/protocol/index.ts';
import { itemId } from '../../src/store/index.ts';
import { Impostor, NETWORK_NAME } from './support/impostor.ts';
import { join2, type Running, TestMesh, until } from './support/mesh.ts';

/** Sessions so rare that nothing but push can have brought an item. */
const RARE = [
  ...['--set', 'sync.intervalMs=600000', '--set', 'sync.settleMs=500'],
  ...['--set', 'sync.silenceMs=600000', '--set', 'sync.proveMs=600000'],
  // A busy machine is not to leave push to sessions.
  ...['--set', 'push.overloadMs=60000'],
];

const TOPIC = announceTopic(NETWORK_NAME);

/** What is a line stays one. */
const AS_WIRED = ['--set', 'network.discovery=false'];

/** Daemons in a line, each with a first session behind it, and everybody in each other's gossip. */
async function line(context: TestContext, names: string[], args: string[]): Promise<Running[]> {
  const mesh = await TestMesh.create(context);
  const nodes: Running[] = [];
  for (const name of names)
    nodes.push(await mesh.start(name, { args: [...RARE, ...AS_WIRED, ...args] }));
  for (let i = 1; i < nodes.length; i++) await join2(nodes[i - 1]!, nodes[i]!);
  for (const [i, node] of nodes.entries()) {
    const neighbours = Number(i > 0) + Number(i < nodes.length - 1);
    await until(
      () => node.client.status(),
      ({ peers }) => peers.filter(({ lastSession }) => lastSession !== null).length === neighbours,
    );
  }
  return nodes;
}

/** An impostor that a daemon has had its first session with, and that it hears. */
async function impostorAt(context: TestContext, node: Running): Promise<Impostor> {
  const impostor = await Impostor.start([], async (item) => item);
  context.after(() => impostor.stop());
  await node.client.addPeer(impostor.address);
  const peer = impostor.libp2p.peerId.toString();
  await until(
    () => node.client.status(),
    ({ peers }) => peers.some(({ peerId, lastSession }) => peerId === peer && lastSession !== null),
  );
  await until(
    async () => impostor.gossip.reaches(TOPIC, node.daemon.peerId),
    (reached) => reached,
  );
  return impostor;
}

/** Frame number `sequence` of an epoch, with an item whose id is right unless told otherwise. */
function frameOf(sequence: number, text: string, id?: Uint8Array): Uint8Array {
  const payload = new TextEncoder().encode(text);
  const item = { hint: 1n, payload, length: payload.length, id: id ?? itemId(1n, payload) };
  return encodeFrame('items', { epoch: new Uint8Array(8), sequence }, [encodeRecord(item)]);
}

function everywhere(nodes: readonly Running[], items: number): Promise<Status[]> {
  return until(
    () => Promise.all(nodes.map(({ client }) => client.status())),
    (statuses) => statuses.every(({ set }) => set.items === items),
  );
}

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

  it('that is invalid is stored nowhere, counted, and not forwarded', async (context) => {
    const [a, b] = (await line(context, ['a', 'b'], [])) as [Running, Running];
    const impostor = await impostorAt(context, a);
    await impostor.gossip.publish(TOPIC, frameOf(0, 'wrong', new Uint8Array(32)));
    await until(
      () => a.client.status(),
      ({ push }) => push!.rejected === 1,
    );
    await impostor.gossip.publish(TOPIC, frameOf(1, 'right'));
    const [, atB] = (await everywhere([a, b], 1)) as [Status, Status];
    assert.equal(atB.push!.messages, 1);
    assert.equal(atB.push!.rejected, 0);
  });

  it('that skips a number leads to a session that finds the missed items', async (context) => {
    const [a] = (await line(context, ['a'], [])) as [Running];
    const impostor = await impostorAt(context, a);
    await impostor.gossip.publish(TOPIC, frameOf(0, 'first'));
    await everywhere([a], 1);
    await impostor.replica.put([{ hint: 1n, payload: new TextEncoder().encode('missed') }]);
    await impostor.gossip.publish(TOPIC, frameOf(2, 'third'));
    const [status] = (await everywhere([a], 3)) as [Status];
    assert.equal(status.push!.gaps, 1);
    assert.equal(status.push!.received, 2);
  });

  it('is not used where it is off, and sessions do the work', async (context) => {
    const mesh = await TestMesh.create(context);
    const args = ['--set', 'push.enabled=false'];
    const [a, b] = [await mesh.start('a', { args }), await mesh.start('b')];
    await join2(a, b);
    await a.client.put(new Uint8Array([1]));
    await b.client.put(new Uint8Array([2]));
    const [atA, atB] = (await everywhere([a, b], 2)) as [Status, Status];
    assert.equal(atA.push, null);
    assert.equal(atB.push!.received, 0);
  });
});

async function sessionsOf(nodes: readonly Running[]): Promise<(string | undefined)[]> {
  const statuses = await Promise.all(nodes.map(({ client }) => client.status()));
  return statuses.flatMap(({ peers }) => peers.map(({ lastSession }) => lastSession?.startedAt));
}
