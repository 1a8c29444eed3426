import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Status } from '../../src/daemon/index.ts';
import { encodeFrame, encodeRecord } from '../../src/protocol/announce/testing.ts';
import { announceTopic } from '../../src/protocol/index.ts';
import { itemId } from '../../src/store/index.ts';
import { Impostor, NETWORK_NAME } from './support/impostor.ts';
import { everywhere, line } from './support/line.ts';
import { join2, type Running, TestMesh, until } from './support/mesh.ts';

const TOPIC = announceTopic(NETWORK_NAME);

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

describe('push', () => {
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
