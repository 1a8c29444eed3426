import { createLogger, systemClock, systemRandom, VERSION } from '../../src/daemon/index.ts';
import { createIdentity, createMesh, type Mesh } from '../../src/daemon/mesh/index.ts';
import { encodeFrame, encodeRecord } from '../../src/protocol/announce/codec.ts';
import { announceTopic } from '../../src/protocol/index.ts';
import { itemId } from '../../src/store/index.ts';
import { generate, type Load, type Moments, now, payloadOf } from './load.ts';

const NETWORK = 'bare';
const TOPIC = announceTopic(NETWORK);
const EPOCH = new Uint8Array(8);

/** libp2p with gossipsub as the daemon sets it up, and nothing else: no checks, no set, no sessions. */
export class BareGossip {
  readonly #meshes = new Map<number, Mesh>();
  readonly #sent: Moments = [];
  readonly #arrived: Moments = [];

  async start(nodes: readonly number[]): Promise<Record<number, string>> {
    const addresses: Record<number, string> = {};
    for (const node of nodes) {
      const mesh = await createMesh({
        identity: await createIdentity(systemRandom),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        peers: [],
        networkName: NETWORK,
        version: VERSION,
        access: { mode: 'open' },
        mdns: false,
        services: {},
        logger: createLogger({ clock: systemClock, level: 'error' }),
        clock: systemClock,
        random: systemRandom,
      });
      await mesh.start();
      this.#listen(node, mesh);
      addresses[node] = mesh.addresses[0]!;
    }
    return addresses;
  }

  dial(node: number, address: string): Promise<unknown> {
    return this.#meshes.get(node)!.dialer.dial(address);
  }

  ready(degree: number): boolean {
    return [...this.#meshes.values()].every(
      ({ services }) => services.pubsub.getSubscribers(TOPIC).length >= degree,
    );
  }

  async run(load: Load): Promise<void> {
    const nodes = [...this.#meshes.keys()];
    await generate(load, async (number) => {
      const node = nodes[number % nodes.length]!;
      const frame = frameOf(number);
      this.#sent.push([number, node, now()]);
      await this.#meshes.get(node)!.services.pubsub.publish(TOPIC, frame);
    });
  }

  moments(): { called: Moments; sent: Moments; arrived: Moments } {
    return { called: this.#sent, sent: this.#sent, arrived: this.#arrived };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#meshes.values()].map((mesh) => mesh.stop()));
    this.#meshes.clear();
  }

  #listen(node: number, mesh: Mesh): void {
    const { pubsub } = mesh.services;
    pubsub.addEventListener('message', ({ detail }) => {
      const number = new DataView(detail.data.buffer, detail.data.byteOffset).getUint32(
        detail.data.length - payloadOf(0).length,
      );
      this.#arrived.push([number, node, now()]);
    });
    pubsub.subscribe(TOPIC);
    this.#meshes.set(node, mesh);
  }
}

/** The bytes that a daemon announces a single item with. */
function frameOf(number: number): Uint8Array {
  const payload = payloadOf(number);
  const hint = BigInt(number);
  const record = encodeRecord({ hint, id: itemId(hint, payload), length: payload.length, payload });
  return encodeFrame('items', { epoch: EPOCH, sequence: number }, [record]);
}
