import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Network } from '../../../src/protocol/index.ts';
import { type Libp2pComponents, libp2pNetwork } from '../../../src/protocol/libp2p.ts';
import { networkConformance } from '../../conformance/network.ts';
import { loopbackNode } from '../../support/libp2p.ts';

async function node() {
  const holder: { network?: Network } = {};
  const libp2p = await loopbackNode({
    holder: (components: Libp2pComponents) => {
      holder.network = libp2pNetwork(components);
      return {};
    },
  });
  return { libp2p, network: holder.network! };
}

networkConformance('libp2p over TCP', async () => {
  const [a, b] = await Promise.all([node(), node()]);
  const connect = async () => void (await a.libp2p.dial(b.libp2p.getMultiaddrs()));
  await connect();
  return {
    a: a.network,
    b: b.network,
    connect,
    disconnect: async () => {
      const gone = new Promise((resolve) => {
        b.libp2p.addEventListener('peer:disconnect', resolve, { once: true });
      });
      for (const connection of a.libp2p.getConnections()) connection.abort(new Error('cut'));
      await gone;
    },
    close: async () => {
      await Promise.all([a.libp2p.stop(), b.libp2p.stop()]);
    },
  };
});

describe('libp2pNetwork: bytes that are no frames', () => {
  const PROTOCOL = '/hostile/1';

  async function hostile(bytes: Uint8Array): Promise<{ code: unknown; alive: boolean }> {
    const [a, b] = await Promise.all([node(), node()]);
    try {
      const code = Promise.withResolvers<unknown>();
      await b.network.handle(
        PROTOCOL,
        async (channel) => code.resolve(await channel.receive().catch((error) => error.code)),
        { maxFrameBytes: 1_000 },
      );
      await a.libp2p.dial(b.libp2p.getMultiaddrs());
      const stream = await a.libp2p.dialProtocol(b.libp2p.peerId, PROTOCOL);
      const closed = new Promise((resolve) => stream.addEventListener('close', resolve));
      stream.send(bytes);
      void stream.close().catch(() => {});
      const outcome = await code.promise;
      await closed;
      return { code: outcome, alive: a.libp2p.getConnections().length === 1 };
    } finally {
      await Promise.all([a.libp2p.stop(), b.libp2p.stop()]);
    }
  }

  it('end the stream with an error code, and keep the connection', async () => {
    for (const [bytes, code] of [
      [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), 'FRAME_TOO_LARGE'],
      [
        Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
        'MALFORMED_FRAME',
      ],
      [Uint8Array.of(0x80, 0x00), 'MALFORMED_FRAME'],
      [Uint8Array.of(5, 1, 2), 'STREAM_CLOSED'],
    ] as const) {
      assert.deepEqual(await hostile(bytes), { code, alive: true });
    }
  });
});
