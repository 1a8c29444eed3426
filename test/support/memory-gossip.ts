import type {
  Channel,
  Gossip,
  GossipAdmission,
  GossipMessage,
  GossipValidator,
  Network,
} from '../../src/protocol/index.ts';
import { bytesToHex, hexToBytes } from '../../src/store/index.ts';

const PROTOCOL = '/memory-gossip/1';
const INIT = { maxFrameBytes: 1 << 20 };

/** What lies on the wire: a message and its number, or word of the topics somebody takes part in. */
interface Wire {
  readonly topics?: string[];
  readonly topic?: string;
  readonly publisher?: string;
  readonly number?: number;
  /** In hex. */
  readonly data?: string;
}

/**
 * Gossip over a `Network`: each message goes to every neighbour but the one it came from, once it was
 * accepted. It has what gossipsub promises and no more: no order across links, no delivery.
 */
export class MemoryGossip implements Gossip {
  readonly self: string;
  /** Messages for which this says so are lost on their way out. */
  loses: (peer: string) => boolean = () => false;
  /** Messages that were rejected, by the peer they came from. */
  readonly rejected: Map<string, number> = new Map();
  readonly #network: Network;
  readonly #validators = new Map<string, GossipValidator>();
  readonly #admissions = new Map<string, GossipAdmission>();
  readonly #neighbours = new Map<string, { topics: Set<string>; send: (wire: Wire) => void }>();
  readonly #seen = new Set<string>();
  readonly #copies = new Map<string, number>();
  #number = 0;
  #unwatch: (() => void) | undefined;

  constructor(network: Network) {
    this.#network = network;
    this.self = network.self;
  }

  async start(): Promise<void> {
    await this.#network.handle(PROTOCOL, (channel) => this.#read(channel), INIT);
    this.#unwatch = await this.#network.watch(PROTOCOL, {
      connected: (peer) => this.#connected(peer),
      disconnected: (peer) => this.#neighbours.delete(peer),
    });
  }

  async stop(): Promise<void> {
    this.#unwatch?.();
    await this.#network.unhandle(PROTOCOL);
  }

  subscribe(topic: string, validator: GossipValidator, admits: GossipAdmission): () => void {
    this.#validators.set(topic, validator);
    this.#admissions.set(topic, admits);
    this.#sayTopics();
    return () => {
      this.#validators.delete(topic);
      this.#sayTopics();
    };
  }

  async publish(topic: string, data: Uint8Array): Promise<number> {
    const number = this.#number++;
    this.#seen.add(`${this.self} ${number}`);
    return this.#spread({ topic, publisher: this.self, number, data: bytesToHex(data) }, this.self);
  }

  reaches(topic: string, peer: string): boolean {
    return this.#neighbours.get(peer)?.topics.has(topic) ?? false;
  }

  copies(topic: string): number {
    return this.#copies.get(topic) ?? 0;
  }

  /** Copies that came, over all topics. */
  get copiesOfAll(): number {
    return [...this.#copies.values()].reduce((sum, copies) => sum + copies, 0);
  }

  #spread(wire: Wire, from: string): number {
    const to = [...this.#neighbours].filter(
      ([peer, { topics }]) => peer !== from && topics.has(wire.topic!),
    );
    for (const [peer, { send }] of to) if (!this.loses(peer)) send(wire);
    return to.length;
  }

  #sayTopics(): void {
    const topics = [...this.#validators.keys()];
    for (const { send } of this.#neighbours.values()) send({ topics });
  }

  #connected(peer: string): void {
    const opened = this.#network.open(peer, PROTOCOL, INIT);
    let last: Promise<unknown> = opened;
    const send = (wire: Wire): void => {
      const frame = new TextEncoder().encode(JSON.stringify(wire));
      last = last.then(async () => (await opened).send(frame)).catch(() => undefined);
    };
    this.#neighbours.set(peer, { topics: new Set(), send });
    send({ topics: [...this.#validators.keys()] });
  }

  async #read(channel: Channel): Promise<void> {
    for (;;) {
      const frame = await channel.receive();
      if (frame === null) return;
      const wire = JSON.parse(new TextDecoder().decode(frame)) as Wire;
      const neighbour = this.#neighbours.get(channel.peer);
      if (wire.topics === undefined) void this.#heard(wire, channel.peer);
      else if (neighbour !== undefined) neighbour.topics = new Set(wire.topics);
    }
  }

  async #heard(wire: Wire, from: string): Promise<void> {
    const validator = this.#validators.get(wire.topic!);
    if (validator === undefined) return;
    this.#copies.set(wire.topic!, this.copies(wire.topic!) + 1);
    const name = `${wire.publisher} ${wire.number}`;
    const copy = this.#seen.has(name);
    const bytes = wire.data!.length / 2;
    if (!this.#admissions.get(wire.topic!)!({ from, bytes, copy }) || copy) return;
    this.#seen.add(name);
    const message: GossipMessage = {
      publisher: wire.publisher!,
      from,
      data: hexToBytes(wire.data!),
    };
    const verdict = await validator(message);
    if (verdict === 'accept') this.#spread(wire, from);
    if (verdict === 'reject') this.rejected.set(from, (this.rejected.get(from) ?? 0) + 1);
  }
}
