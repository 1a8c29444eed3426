import type { GossipSub } from '@libp2p/gossipsub';
import { encodeFrame, encodeRecord } from '../../src/protocol/announce/testing.ts';
import { itemId } from '../../src/store/index.ts';
import { generate, type Load, type Moments, now, payloadOf } from './load.ts';

const EPOCH = new Uint8Array(8);

/** A libp2p node with gossipsub, started. */
export interface GossipNode {
  readonly address: string;
  readonly pubsub: GossipSub;
  dial(address: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** Gossipsub and nothing else: no checks, no set, no sessions. */
export class BareGossip {
  readonly #topic: string;
  readonly #create: () => Promise<GossipNode>;
  readonly #nodes = new Map<number, GossipNode>();
  readonly #sent: Moments = [];
  readonly #arrived: Moments = [];

  constructor(topic: string, create: () => Promise<GossipNode>) {
    this.#topic = topic;
    this.#create = create;
  }

  async start(nodes: readonly number[]): Promise<Record<number, string>> {
    const addresses: Record<number, string> = {};
    for (const number of nodes) {
      const node = await this.#create();
      this.#listen(number, node);
      addresses[number] = node.address;
    }
    return addresses;
  }

  async dial(node: number, address: string): Promise<void> {
    await this.#nodes.get(node)!.dial(address);
  }

  /** Nodes that have so many subscribed peers. */
  ready(degree: number): number {
    return [...this.#nodes.values()].filter(
      ({ pubsub }) => pubsub.getSubscribers(this.#topic).length >= degree,
    ).length;
  }

  async run(load: Load): Promise<void> {
    const nodes = [...this.#nodes.keys()];
    await generate(load, async (number) => {
      const node = nodes[number % nodes.length]!;
      const frame = frameOf(number);
      this.#sent.push([number, node, now()]);
      await this.#nodes.get(node)!.pubsub.publish(this.#topic, frame);
    });
  }

  moments(): { called: Moments; sent: Moments; arrived: Moments } {
    return { called: this.#sent, sent: this.#sent, arrived: this.#arrived };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()));
    this.#nodes.clear();
  }

  #listen(number: number, node: GossipNode): void {
    node.pubsub.addEventListener('message', ({ detail: { topic, data } }) => {
      if (topic !== this.#topic) return;
      const item = new DataView(data.buffer, data.byteOffset).getUint32(
        data.length - payloadOf(0).length,
      );
      this.#arrived.push([item, number, now()]);
    });
    node.pubsub.subscribe(this.#topic);
    this.#nodes.set(number, node);
  }
}

/** The bytes that a daemon announces a single item with. */
function frameOf(number: number): Uint8Array {
  const payload = payloadOf(number);
  const hint = BigInt(number);
  const record = encodeRecord({ hint, id: itemId(hint, payload), length: payload.length, payload });
  return encodeFrame('items', { epoch: EPOCH, sequence: number }, [record]);
}
