import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { encodeFrame, encodeRecord } from '../../../src/protocol/announce/testing.ts';
import {
  type AnnouncedKey,
  type AnnounceEvents,
  type AnnouncementOrigin,
  type AnnounceOptions,
  AnnounceService,
  announceTopic,
  type Gap,
} from '../../../src/protocol/index.ts';
import { bytesToHex, type Item, itemId } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { MemoryGossip } from '../../support/memory-gossip.ts';
import { MemoryNetwork } from '../../support/memory-network.ts';
import { SeededRandom } from '../../support/random.ts';

const NETWORK = 'test';
const TOPIC = announceTopic(NETWORK);

function itemOf(text: string | Uint8Array, hint = 1n): Item {
  const payload = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return { hint, payload, id: itemId(hint, payload) };
}

/** What a node holds and was told, and what it does with announcements. */
class Node implements AnnounceEvents {
  readonly gossip: MemoryGossip;
  readonly service: AnnounceService;
  readonly held = new Set<string>();
  readonly wanted: { key: AnnouncedKey; from: string }[] = [];
  readonly gaps: Gap[] = [];
  full = false;

  constructor(gossip: MemoryGossip, clock: VirtualClock, options: Partial<AnnounceOptions>) {
    this.gossip = gossip;
    this.service = new AnnounceService(gossip, {
      clock,
      random: new SeededRandom(gossip.self),
      networkName: NETWORK,
      events: this,
      options,
    });
  }

  holds(id: Uint8Array): boolean {
    return this.held.has(bytesToHex(id));
  }

  items(items: readonly Item[]): boolean {
    if (!this.full) for (const item of items) this.store(item);
    return !this.full;
  }

  keys(keys: readonly AnnouncedKey[], { from }: AnnouncementOrigin): readonly AnnouncedKey[] {
    if (this.full) return [];
    this.wanted.push(...keys.map((key) => ({ key, from })));
    return keys;
  }

  passedOn(): void {}

  gap(gap: Gap): void {
    this.gaps.push(gap);
  }

  store(item: Item): void {
    this.held.add(bytesToHex(item.id));
    this.service.stored([item]);
  }

  put(...items: Item[]): number {
    for (const item of items) this.store(item);
    return this.service.announce(items);
  }
}

/** Nodes in a line: each hears of the next but one only through the next. */
async function line(context: TestContext, names: string, options: Partial<AnnounceOptions> = {}) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock, random: new SeededRandom('line') });
  const nodes: Node[] = [];
  for (const name of names) {
    const gossip = new MemoryGossip(network.node(name));
    await gossip.start();
    nodes.push(new Node(gossip, clock, options));
  }
  for (let i = 1; i < names.length; i++) network.connect(names[i - 1]!, names[i]!);
  for (const { service } of nodes) service.start();
  await clock.advance(100);
  context.after(async () => {
    const stopped = Promise.all(nodes.map(({ service }) => service.stop()));
    await clock.advance(1_000);
    await stopped;
  });
  return { clock, nodes: nodes as [Node, Node, Node] };
}

describe('AnnounceService', () => {
  it('spreads short items, gathered while a batch waits', async (context) => {
    const { clock, nodes } = await line(context, 'abc', { batchMs: 10 });
    const [a, b, c] = nodes;
    a.put(itemOf('first'));
    await clock.advance(3);
    for (let i = 0; i < 20; i++) a.put(itemOf(`item ${i}`));
    await clock.advance(50);
    assert.equal(b.held.size, 21);
    assert.equal(c.held.size, 21);
    const { messages, received, known, duplicates, rejected } = c.service.totals;
    assert.deepEqual(
      { messages, received, known, duplicates, rejected },
      { messages: 2, received: 21, known: 0, duplicates: 0, rejected: 0 },
    );
    assert.equal(a.service.totals.announced, 21);
    assert.ok(a.service.reaches('b') && !a.service.reaches('c'));
  });

  it('sends the key of a long item, and passes it on only when the item is here', async (context) => {
    const { clock, nodes } = await line(context, 'abc', { inlineBytes: 10 });
    const [a, b, c] = nodes;
    const long = itemOf('longer than ten bytes');
    a.put(long);
    await clock.advance(100);
    assert.equal(b.wanted[0]!.key.length, 21);
    assert.equal(b.wanted[0]!.from, 'a');
    assert.equal(c.wanted.length, 0);
    b.store(long);
    await clock.advance(100);
    assert.deepEqual(
      c.wanted.map(({ from }) => from),
      ['b'],
    );
  });

  it('does not forward keys whose items do not arrive in time', async (context) => {
    const { clock, nodes } = await line(context, 'abc', { inlineBytes: 0, holdMs: 1_000 });
    const [a, b, c] = nodes;
    const item = itemOf('never fetched');
    a.put(item);
    await clock.advance(1_100);
    b.store(item);
    await clock.advance(1_000);
    assert.equal(b.service.totals.ignored, 1);
    assert.equal(c.wanted.length, 0);
  });

  it('holds no more keys than it may', async (context) => {
    const { clock, nodes } = await line(context, 'abc', { inlineBytes: 0, maxHeld: 6, batchMs: 1 });
    const [a, b, c] = nodes;
    const write = async (node: Node, name: string) => {
      for (let i = 0; i < 6; i++) {
        node.put(itemOf(`${name} ${i}`));
        await clock.advance(10);
      }
    };
    await write(a, 'one');
    assert.equal(
      b.wanted.length,
      6,
      'items of announcements not passed on are fetched nevertheless',
    );
    assert.equal(b.service.totals.ignored, 3, 'half of the room is for others');
    await write(c, 'another');
    assert.equal(b.service.totals.ignored, 6);
  });

  it('does not forward announcements of items that it holds', async (context) => {
    const { clock, nodes } = await line(context, 'abc');
    const [a, b, c] = nodes;
    const item = itemOf('known');
    b.store(item);
    a.put(item);
    await clock.advance(50);
    assert.equal(b.service.totals.known, 1);
    assert.equal(c.held.size, 0, 'a session brings it');
  });

  it('neither accepts nor forwards announcements that there is no room for', async (context) => {
    const { clock, nodes } = await line(context, 'abc');
    const [a, b, c] = nodes;
    b.full = true;
    a.put(itemOf('refused'));
    await clock.advance(50);
    assert.equal(b.service.totals.ignored, 1);
    assert.equal(b.gossip.rejected.size, 0);
    assert.equal(c.held.size, 0);
  });

  it('rejects invalid announcements, and does not forward them', async (context) => {
    const { clock, nodes } = await line(context, 'abc');
    const [a, b, c] = nodes;
    const number = { epoch: new Uint8Array(8), sequence: 0 };
    const record = { hint: 1n, payload: new Uint8Array([1]), length: 1, id: new Uint8Array(32) };
    const right = itemOf('right');
    const frames = [
      new Uint8Array(0),
      new Uint8Array(70_000).fill(1),
      encodeFrame('items', number, [encodeRecord(record)]),
      encodeFrame('items', number, [
        encodeRecord({ ...right, length: right.payload.length }),
        encodeRecord(record),
      ]),
    ];
    for (const frame of frames) await a.gossip.publish(TOPIC, frame);
    await clock.advance(100);
    assert.equal(b.service.totals.rejected, frames.length);
    assert.deepEqual([...b.gossip.rejected], [['a', frames.length]]);
    assert.equal(b.held.size, 0, 'nothing of a message is taken that is wrong in part');
    assert.equal(c.service.totals.messages, 0);
  });

  it('reports a gap for missing announcements, and none for late ones', async (context) => {
    const { clock, nodes } = await line(context, 'abc', { gapGraceMs: 500, batchMs: 1 });
    const [a, b, c] = nodes;
    const send = async (text: string) => {
      a.put(itemOf(text));
      await clock.advance(10);
    };
    await send('0');
    a.gossip.loses = () => true;
    await send('1');
    a.gossip.loses = () => false;
    await send('2');
    await clock.advance(400);
    assert.deepEqual([b.gaps, c.gaps], [[], []]);
    await clock.advance(700);
    assert.deepEqual(b.gaps, [{ publisher: 'a', from: 'a' }]);
    assert.deepEqual(c.gaps, [{ publisher: 'a', from: 'b' }]);
    assert.equal(b.service.totals.gaps, 1);
    assert.equal(clock.pending, 0);
  });

  it('leaves announcements above the rate limit to sessions', async (context) => {
    const { clock, nodes } = await line(context, 'ab', {
      maxQueuedBytes: 10_000,
      maxBytesPerSecond: 10_000,
    });
    const [a, b] = nodes;
    const many = Array.from({ length: 500 }, (_, i) => itemOf(`item ${i}`));
    const taken = a.put(...many);
    assert.ok(taken > 100 && taken < 300);
    await clock.advance(200);
    assert.equal(a.service.totals.dropped, 500 - taken);
    assert.equal(b.held.size, taken, 'those of a second go at once');
    a.put(...Array.from({ length: 100 }, (_, i) => itemOf(`more ${i}`)));
    await clock.advance(10);
    a.put(itemOf('last'));
    await clock.advance(20);
    assert.equal(b.held.size, taken + 100);
    await clock.advance(500);
    assert.equal(b.held.size, taken + 101, 'then each frame waits until those before are paid for');
  });

  it('publishes nothing before its start and after its stop', async (context) => {
    const { clock, nodes } = await line(context, 'ab');
    const [a, b] = nodes;
    await a.service.stop();
    assert.equal(a.put(itemOf('late')), 0);
    assert.equal(a.service.reaches('b'), false);
    b.put(itemOf('unheard'));
    await clock.advance(100);
    assert.equal(a.held.size, 1);
  });
});
