import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { converged, TestMesh } from './support/mesh.ts';

const GROUP = '224.0.0.251';

/** Why multicast does not reach its own sender here; null when it does. */
async function multicastFault(): Promise<string | null> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    socket.bind(0);
    await once(socket, 'listening');
    socket.addMembership(GROUP);
    socket.setMulticastLoopback(true);
    const heard = once(socket, 'message', { signal: AbortSignal.timeout(2_000) });
    socket.send('rangemesh', socket.address().port, GROUP, () => undefined);
    await heard;
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    socket.close();
  }
}

describe('multicast DNS', () => {
  it('lets daemons of the same network find each other, and no others', async (context) => {
    const fault = await multicastFault();
    if (fault !== null) return context.skip(`no multicast on this machine: ${fault}`);
    const mesh = await TestMesh.create(context);
    const start = (name: string, network: string) =>
      mesh.start(name, { args: ['--set', 'network.mdns=true', '--network', network] });
    const ours = `ours-${process.pid}`;
    const stranger = await start('stranger', `theirs-${process.pid}`);
    const nodes = [await start('a', ours), await start('b', ours)];
    for (const [i, { client }] of nodes.entries()) await client.put(new Uint8Array([i]));
    const [status] = await converged(nodes, 1);
    assert.equal(status!.set.items, 2);
    assert.deepEqual((await stranger.client.status()).peers, []);
  });
});
