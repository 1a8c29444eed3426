import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Libp2pComponents, libp2pNetwork } from '../../../../src/protocol/libp2p/index.ts';
import type { Network } from '../../../../src/protocol/network/index.ts';
import { heldChannel } from '../../../support/held-channel.ts';
import { within } from '../../../support/within.ts';
import { connectionTo, Meshes } from '../support.ts';

const PROTOCOL = '/test/wire/1';
const MESSAGES = 200;
const MESSAGE_BYTES = 300;
/** Noise's length and tag, Yamux's header, and ours. */
const FRAMING_BYTES = 2 + 16 + 12 + 4;

/** Passes a connection on, and counts what comes from either end. */
class Wire {
  readonly toServer = { bytes: 0, pieces: 0 };
  readonly toClient = { bytes: 0, pieces: 0 };
  readonly #server = createServer((client) => this.#join(client));
  readonly #sockets: Socket[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  reset(): void {
    for (const way of [this.toServer, this.toClient]) Object.assign(way, { bytes: 0, pieces: 0 });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#sockets.push(client, server);
    for (const [from, to, way] of [
      [client, server, this.toServer],
      [server, client, this.toClient],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.on('data', (data) => {
        way.bytes += data.length;
        way.pieces++;
        to.write(data);
      });
    }
  }
}

describe('traffic on the wire', () => {
  const meshes = new Meshes();
  after(() => meshes.stop());

  async function node() {
    const net = Promise.withResolvers<Network>();
    const started = await meshes.start({
      services: {
        net: (components: Libp2pComponents) => {
          net.resolve(libp2pNetwork(components));
          return {};
        },
      } as never,
    });
    return { ...started, network: await net.promise };
  }

  it('is one packet a message, without an answer', async (t) => {
    const [left, right] = [await node(), await node()];
    const [address, peer] = right.mesh.addresses[0]!.split('/p2p/');
    const wire = new Wire(Number(address!.split('/').at(-1)));
    t.after(() => wire.stop());
    const port = await wire.listen();
    const init = { maxFrameBytes: 65_536 };
    const { arrived, done } = await heldChannel(right.network, PROTOCOL, init);
    t.after(done);
    await left.mesh.dialer.dial(`/ip4/127.0.0.1/tcp/${port}/p2p/${peer}`);
    await connectionTo(left, peer!);
    const channel = await left.network.open(peer!, PROTOCOL, init);
    const frame = new Uint8Array(MESSAGE_BYTES);
    await channel.send(frame);
    const inbound = await within(arrived, 'the channel at the other end');
    await within(inbound.receive(), 'the first message');
    wire.reset();
    for (let i = 0; i < MESSAGES; i++) {
      await channel.send(frame);
      await inbound.receive();
      await turn();
    }
    const { toServer, toClient } = wire;
    // Identify, pings and gossip's heartbeats may come in between.
    assert.ok(toServer.pieces <= 1.3 * MESSAGES, `${toServer.pieces} pieces`);
    const most = 1.1 * MESSAGES * (MESSAGE_BYTES + FRAMING_BYTES);
    assert.ok(toServer.bytes <= most, `${toServer.bytes} bytes`);
    assert.ok(toClient.bytes <= 10 * MESSAGES, `${toClient.bytes} bytes come back`);
  });

  it('costs no error a message', async (t) => {
    const [left, right] = [await node(), await node()];
    const init = { maxFrameBytes: 65_536 };
    const { arrived, done } = await heldChannel(right.network, PROTOCOL, init);
    t.after(done);
    const { peerId } = right.mesh;
    await left.mesh.dialer.dial(right.mesh.addresses[0]!);
    await connectionTo(left, peerId);
    const channel = await left.network.open(peerId, PROTOCOL, init);
    await channel.send(new Uint8Array(1));
    const inbound = await within(arrived, 'the channel at the other end');
    await inbound.receive();
    const errors = t.mock.fn(RangeError);
    t.mock.property(globalThis, 'RangeError', errors);
    for (let i = 0; i < MESSAGES; i++) {
      await channel.send(new Uint8Array(1));
      await inbound.receive();
      await turn();
    }
    t.mock.restoreAll();
    // Gossip's heartbeats may come in between.
    const made = errors.mock.callCount();
    assert.ok(made < MESSAGES / 10, `${made} errors`);
  });

  it('keeps flowing past many windows', async (t) => {
    const [left, right] = [await node(), await node()];
    const got = Promise.withResolvers<number>();
    const init = { maxFrameBytes: 1 << 20 };
    await right.network.handle(
      PROTOCOL,
      async (channel) => {
        let bytes = 0;
        for (let i = 0; i < 64; i++) bytes += (await channel.receive())!.length;
        got.resolve(bytes);
      },
      init,
    );
    t.after(() => got.resolve(0));
    const { peerId } = right.mesh;
    await left.mesh.dialer.dial(right.mesh.addresses[0]!);
    await connectionTo(left, peerId);
    const channel = await left.network.open(peerId, PROTOCOL, init);
    const sent = async () => {
      for (let i = 0; i < 64; i++) await channel.send(new Uint8Array(300_000));
    };
    await within(sent(), 'room in the window for all of 64 messages');
    assert.equal(await within(got.promise, 'all of 64 messages'), 64 * 300_000);
  });
});
