import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { discoveryTopic, type MeshPubsub } from '../../../src/daemon/mesh/testing.ts';
import {
  announceTopic,
  type GossipMessage,
  type GossipVerdict,
} from '../../../src/protocol/index.ts';
import { libp2pGossip } from '../../../src/protocol/libp2p.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { loopbackNode } from '../../support/libp2p.ts';
import { within } from '../../support/within.ts';
import { Meshes, type TestMesh } from './support.ts';

const TOPIC = announceTopic('test');
const WRONG = 0xff;

/** A node that takes what does not begin with the wrong byte. */
class Hearer {
  readonly mesh: TestMesh['mesh'];
  readonly pubsub: MeshPubsub;
  readonly gossip: ReturnType<typeof libp2pGossip>;
  readonly heard: GossipMessage[] = [];
  admits = true;

  constructor({ mesh }: TestMesh, topic = TOPIC) {
    this.mesh = mesh;
    this.pubsub = mesh.libp2p.services.pubsub;
    this.gossip = libp2pGossip({ self: mesh.libp2p.peerId, pubsub: this.pubsub });
    this.gossip.subscribe(
      topic,
      (message) => this.#judge(message),
      () => this.admits,
    );
  }

  /** Resolves once a message with these bytes has come. */
  async hears(first: number): Promise<void> {
    const heard = () => this.heard.some(({ data }) => data[0] === first);
    await until(this, heard, `a message that begins with ${first}`);
  }

  score(peer: Hearer): number {
    const { score } = this.pubsub as unknown as { score: { score(peer: string): number } };
    return score.score(peer.mesh.peerId);
  }

  /** Gossipsub looks at the score of a peer that was good at most once a second. */
  trusts(peer: Hearer): boolean {
    const { acceptFromWhitelist: trusted } = this.pubsub as unknown as {
      acceptFromWhitelist: Map<string, { acceptUntil: number }>;
    };
    return (trusted.get(peer.mesh.peerId)?.acceptUntil ?? 0) >= Date.now();
  }

  #judge(message: GossipMessage): GossipVerdict {
    this.heard.push(message);
    return message.data[0] === WRONG ? 'reject' : 'accept';
  }
}

/** Parts of gossipsub that its interface leaves out. */
function partsOf({ pubsub }: Hearer) {
  return pubsub as unknown as {
    sendRpc(peer: string, rpc: object): void;
    validateReceivedMessage(from: unknown, message: unknown): Promise<object>;
    readonly gossipTracer: { readonly promises: Map<string, object> };
    readonly mcache: { readonly msgs: Map<string, unknown> };
  };
}

/** A message with a wrong signature. */
function forgedBy({ mesh }: Hearer) {
  return {
    from: mesh.libp2p.peerId.toMultihash().bytes,
    data: new Uint8Array(9),
    seqno: new Uint8Array(8),
    signature: new Uint8Array(64),
    key: new Uint8Array(0),
    topic: TOPIC,
  };
}

/** A table in which gossipsub remembers messages. */
interface SeenTable {
  readonly entries: Map<string, object>;
  put(id: string, value: string): void;
}

/** Where gossipsub keeps messages that it offers again. */
interface MessageCache {
  readonly msgs: Map<string, { readonly message: { readonly data: Uint8Array } }>;
  put(
    id: { msgId: Uint8Array; msgIdStr: string },
    message: { topic: string; data: Uint8Array },
    validated: boolean,
  ): boolean;
  shift(): void;
}

/** The next heartbeat of a node's gossip, or the next message. */
function beat({ pubsub }: Hearer): Promise<void> {
  return new Promise((resolve) => {
    const done = () => resolve();
    pubsub.addEventListener('gossipsub:heartbeat', done, { once: true });
    pubsub.addEventListener('gossipsub:message', done, { once: true });
  });
}

/** Looks again at each heartbeat and message; they are a second apart at most. */
async function until(hearer: Hearer, condition: () => boolean, what: string): Promise<void> {
  const met = async () => {
    while (!condition()) await beat(hearer);
  };
  await within(met(), what, 30_000);
}

describe('gossip', { timeout: 60_000 }, () => {
  const meshes = new Meshes();
  afterEach(() => meshes.stop());

  /** Each node of a line knows its neighbours only. */
  async function line(count: number): Promise<Hearer[]> {
    const hearers: Hearer[] = [];
    for (let i = 0; i < count; i++) {
      const peers = hearers.slice(-1).map(({ mesh }) => mesh.addresses[0]!);
      hearers.push(new Hearer(await meshes.start({ peers })));
    }
    for (const [i, hearer] of hearers.entries()) {
      for (const next of [hearers[i - 1], hearers[i + 1]]) {
        if (next === undefined) continue;
        await until(
          hearer,
          () => hearer.gossip.reaches(TOPIC, next.mesh.peerId),
          'a neighbour that can be reached',
        );
      }
    }
    return hearers;
  }

  it('travels from node to node, under the name of its author', async () => {
    const [a, b, c] = (await line(3)) as [Hearer, Hearer, Hearer];
    await a.gossip.publish(TOPIC, Uint8Array.of(1));
    await c.hears(1);
    const [{ publisher, from }] = c.heard as [GossipMessage];
    assert.deepEqual([publisher, from], [a.mesh.peerId, b.mesh.peerId]);
    assert.equal(a.gossip.reaches(TOPIC, c.mesh.peerId), false);
    assert.ok(c.gossip.copies(TOPIC) >= 1);
  });

  it('that is invalid goes no further, and its repeated sender is ignored', async () => {
    const [a, b, c] = (await line(3)) as [Hearer, Hearer, Hearer];
    for (let i = 0; i < 3; i++) await a.gossip.publish(TOPIC, Uint8Array.of(WRONG, i));
    await until(b, () => b.heard.length === 3, 'three messages');
    await until(b, () => b.score(a) < -80 && !b.trusts(a), 'a bad score');
    await a.gossip.publish(TOPIC, Uint8Array.of(2));
    await b.gossip.publish(TOPIC, Uint8Array.of(3));
    await c.hears(3);
    assert.deepEqual(
      c.heard.map(({ data }) => data[0]),
      [3],
    );
    assert.equal(b.heard.length, 3);
  });

  it('that is invalid counts against a peer that reconnects', async () => {
    const [a, b] = (await line(2)) as [Hearer, Hearer];
    for (let i = 0; i < 3; i++) await a.gossip.publish(TOPIC, Uint8Array.of(WRONG, i));
    await until(b, () => b.score(a) < -80, 'a bad score');
    const { peerId } = a.mesh.libp2p;
    await b.mesh.libp2p.hangUp(peerId);
    await until(b, () => !b.pubsub.sendsTo(a.mesh.peerId), 'no stream');
    await b.mesh.libp2p.dial(a.mesh.libp2p.getMultiaddrs());
    await until(b, () => b.pubsub.sendsTo(a.mesh.peerId), 'a new stream');
    // A score is kept for a second or so.
    for (let i = 0; i < 3; i++) await beat(b);
    assert.ok(b.score(a) < -80, `${b.score(a)} points`);
  });

  it('that is not admitted is neither checked nor blamed', async () => {
    const [a, b] = (await line(2)) as [Hearer, Hearer];
    const forged = forgedBy(a);
    const parts = partsOf(b);
    const validate = parts.validateReceivedMessage.bind(b.pubsub);
    let checks = 0;
    parts.validateReceivedMessage = (from, message) => {
      checks++;
      return validate(from, message);
    };
    b.admits = false;
    partsOf(a).sendRpc(b.mesh.peerId, { subscriptions: [], messages: [forged] });
    await until(b, () => b.gossip.copies(TOPIC) === 1, 'the forged message');
    await a.gossip.publish(TOPIC, Uint8Array.of(1));
    const { promises } = parts.gossipTracer;
    // As if it had been asked for.
    promises.set([...partsOf(a).mcache.msgs.keys()].at(-1)!, new Map([['x', Infinity]]));
    await until(b, () => b.gossip.copies(TOPIC) === 2, 'the right message');
    assert.deepEqual([checks, b.heard.length, promises.size], [0, 0, 0]);
    const topic = discoveryTopic('test');
    const aside = { subscriptions: [], messages: [{ ...forged, topic }] };
    partsOf(a).sendRpc(b.mesh.peerId, aside);
    await until(
      b,
      () => b.gossip.copies(topic) === 1,
      'a message on a topic that b takes no part in',
    );
    assert.equal(checks, 0);
    b.pubsub.subscribe(topic);
    partsOf(a).sendRpc(b.mesh.peerId, aside);
    await until(b, () => b.score(a) < 0, 'the blame, where there is no admission');
  });

  it('that is admitted and forged is blamed', async () => {
    const [a, b] = (await line(2)) as [Hearer, Hearer];
    partsOf(a).sendRpc(b.mesh.peerId, { subscriptions: [], messages: [forgedBy(a)] });
    await until(b, () => b.score(a) < 0, 'the blame');
  });

  it('remembers 65,536 messages, and forgets the oldest of more', async () => {
    const [{ pubsub }] = (await line(1)) as [Hearer];
    const { seenCache, fastMsgIdCache, score } = pubsub as unknown as {
      readonly seenCache: SeenTable;
      readonly fastMsgIdCache: SeenTable;
      readonly score: {
        readonly deliveryRecords: {
          readonly records: Map<string, object>;
          ensureRecord(id: string): void;
        };
      };
    };
    const { deliveryRecords } = score;
    for (let i = 0; i <= 65_536; i++) {
      for (const table of [seenCache, fastMsgIdCache]) table.put(`${i}`, 'id');
      deliveryRecords.ensureRecord(`${i}`);
    }
    for (const map of [seenCache.entries, fastMsgIdCache.entries, deliveryRecords.records]) {
      const ends = ['0', '1', '65536'].map((id) => map.has(id));
      assert.deepEqual([map.size, ...ends], [65_536, false, true, true]);
    }
  });

  it('keeps 16 MiB of messages to offer them again, for four heartbeats', async () => {
    const [{ pubsub }] = (await line(1)) as [Hearer];
    const { mcache } = pubsub as unknown as { readonly mcache: MessageCache };
    let kept = 0;
    const put = (length: number) => {
      const id = { msgId: new Uint8Array(0), msgIdStr: `${kept++}` };
      const fits = mcache.put(id, { topic: TOPIC, data: new Uint8Array(length) }, true);
      assert.equal(mcache.msgs.has(id.msgIdStr), fits);
      return fits;
    };
    const mib = 1024 * 1024;
    for (const round of [1, 2]) {
      for (let i = 0; i < 3; i++) {
        assert.equal(put(4 * mib - 1_024), true, `round ${round}`);
        mcache.shift();
      }
      assert.deepEqual([put(4 * mib - 1_023), put(4 * mib - 1_024), put(0)], [false, true, false]);
      mcache.shift();
      assert.deepEqual([put(4 * mib - 1_023), put(2 * mib)], [false, true], 'the oldest is gone');
      for (let i = 0; i < 4; i++) mcache.shift();
      assert.equal(mcache.msgs.size, 0);
    }
  });

  it('keeps no bytes around the messages that it keeps, and passes on those that it does not keep', async () => {
    const [a, b, c] = (await line(3)) as [Hearer, Hearer, Hearer];
    await a.gossip.publish(TOPIC, Uint8Array.of(1));
    await c.hears(1);
    const { mcache } = b.pubsub as unknown as { readonly mcache: MessageCache };
    const messages = [...mcache.msgs.values()].map(({ message }) => message.data);
    assert.deepEqual(messages, [Uint8Array.of(1)]);
    assert.equal(messages[0]!.buffer.byteLength, 1);
    for (let i = 0; i < 4; i++) mcache.shift();
    const room = { topic: TOPIC, data: new Uint8Array(16 * 1024 * 1024 - 2_000) };
    assert.equal(mcache.put({ msgId: new Uint8Array(0), msgIdStr: 'x' }, room, true), true);
    await a.gossip.publish(TOPIC, Uint8Array.of(2));
    await c.hears(2);
    assert.ok(![...mcache.msgs.values()].some(({ message }) => message.data[0] === 2));
  });

  it('has one stream of a peer, on which a begun message must end within twenty heartbeats', async (context) => {
    const [b] = (await line(1)) as [Hearer];
    const peer = await loopbackNode({});
    cleanUp(context, () => peer.stop());
    const connection = await peer.dial(b.mesh.libp2p.getMultiaddrs());
    const first = await connection.newStream('/meshsub/1.2.0');
    const replaced = new Promise((resolve) => first.addEventListener('close', resolve));
    const stream = await connection.newStream('/meshsub/1.2.0');
    await within(replaced, 'the end of the first stream', 10_000);
    stream.send(Uint8Array.of(100, 1));
    const answered = () => connection.newStream('/ipfs/id/1.0.0');
    await answered();
    const ended = new Promise((resolve) => stream.addEventListener('close', resolve));
    const beats = (count: number) => {
      for (let i = 0; i < count; i++) b.pubsub.dispatchEvent(new Event('gossipsub:heartbeat'));
    };
    // Real heartbeats come too, one a second.
    beats(10);
    await answered();
    assert.equal(stream.status, 'open');
    beats(11);
    await within(ended, 'the end of the stream', 2_000);
  });

  it('ignores messages of another network', async () => {
    const [a, b] = (await line(2)) as [Hearer, Hearer];
    const other = announceTopic('other');
    a.gossip.subscribe(other, () => 'accept');
    b.gossip.subscribe(other, () => assert.fail('heard'));
    assert.equal(await a.gossip.publish(other, Uint8Array.of(1)), 0);
  });

  it('continues when its streams are lost on a live connection', async () => {
    const [a, b] = (await line(2)) as [Hearer, Hearer];
    const streams = a.mesh.libp2p.getConnections().flatMap((connection) => connection.streams);
    for (const stream of streams) {
      if (stream.protocol.startsWith('/meshsub/')) stream.abort(new Error('lost'));
    }
    await until(a, () => !a.gossip.reaches(TOPIC, b.mesh.peerId), 'b out of reach');
    await until(a, () => a.gossip.reaches(TOPIC, b.mesh.peerId), 'b within reach again');
    await until(b, () => b.gossip.reaches(TOPIC, a.mesh.peerId), 'a within reach');
    await a.gossip.publish(TOPIC, Uint8Array.of(4));
    await b.gossip.publish(TOPIC, Uint8Array.of(5));
    await Promise.all([b.hears(4), a.hears(5)]);
  });
});
