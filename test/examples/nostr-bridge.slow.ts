import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  type Filter,
  finalizeEvent,
  generateSecretKey,
  type NostrEvent,
  nip77,
  Relay,
} from 'nostr-tools';
import { WebSocket } from 'ws';
import { type LocalDaemon, LocalDaemons } from '../e2e/support/in-process.ts';
import { cleanUp } from '../support/clean-up.ts';
import { TestRelay } from './nostr-relay.ts';
import { startExample } from './support.ts';

const KEY = generateSecretKey();
const FIRST = 1_700_000_000;

/** Events of the numbers [from, to), two in each second. */
const eventsOf = (from: number, to: number): NostrEvent[] =>
  Array.from({ length: to - from }, (_, i) =>
    finalizeEvent(
      { kind: 1, tags: [], content: `note ${from + i}`, created_at: FIRST + ((from + i) >> 1) },
      KEY,
    ),
  );

const idsOf = (events: readonly NostrEvent[]): string =>
  events
    .map(({ id }) => id)
    .sort()
    .join('\n');

/** Arguments that name the node to the bridge. */
function nodeOf({ name, daemon }: LocalDaemon, daemons: LocalDaemons): string[] {
  return ['--url', daemon.admin, '--token-file', join(daemons.path(name), 'admin.token')];
}

/** Puts the event as a bridge does. */
async function putEvent(node: LocalDaemon, event: NostrEvent): Promise<void> {
  const { id, pubkey, created_at, kind, tags, content, sig } = event;
  const text = JSON.stringify({ id, pubkey, created_at, kind, tags, content, sig });
  await node.client.send('POST', `/v1/items?hint=${created_at * 1000}`, Buffer.from(text));
}

/** A bridge that serves the node; its address. */
async function served(context: TestContext, node: readonly string[]): Promise<string> {
  const bridge = startExample(context, 'nostr-bridge', ['serve', '--port', '0', ...node]);
  return /ws:\S+/.exec(await bridge.line(/^serving/))![0];
}

/** The differences that the client of nostr-tools finds between these events and a relay. */
async function compared(relay: Relay, events: readonly NostrEvent[], filter: Filter) {
  const storage = new nip77.NegentropyStorageVector();
  for (const { created_at, id } of events) storage.insert(created_at, id);
  storage.seal();
  const [have, need]: [string[], string[]] = [[], []];
  const ended = Promise.withResolvers<string | undefined>();
  const sync = new nip77.NegentropySync(relay, storage, filter, {
    onhave: (id) => have.push(id),
    onneed: (id) => need.push(id),
    onclose: ended.resolve,
  });
  await sync.start();
  const reason = await ended.promise;
  return { have: have.sort().join('\n'), need: need.sort().join('\n'), reason };
}

/** The answers to messages, one for each. */
async function answersOf(url: string, messages: readonly unknown[][]): Promise<unknown[][]> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const answers: unknown[][] = [];
  for (const message of messages) {
    const answer = once(socket, 'message');
    socket.send(JSON.stringify(message));
    answers.push(JSON.parse(String((await answer)[0])));
  }
  socket.close();
  return answers;
}

describe('the example nostr-bridge', () => {
  it('serves a node to the client of nostr-tools, and carries events from node to node', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const [a, b] = [await daemons.start('a'), await daemons.start('b')];
    const [nodeA, nodeB] = [nodeOf(a, daemons), nodeOf(b, daemons)];
    const url = await served(context, nodeA);
    const relay = await Relay.connect(url);
    cleanUp(context, () => relay.close());
    const [mine, theirs] = [eventsOf(0, 120), eventsOf(100, 300)];
    for (const event of theirs) await relay.publish(event);
    const common = theirs.slice(0, 20);
    const both = await compared(relay, [...mine.slice(0, 100), ...common], {});
    assert.equal(both.have, idsOf(mine.slice(0, 100)));
    assert.equal(both.need, idsOf(theirs.slice(20)));
    const late = await compared(relay, [], { since: FIRST + 140 });
    assert.equal(late.need, idsOf(theirs.slice(180)), 'these are inside the time range');

    for (const event of eventsOf(400, 410)) await putEvent(b, event);
    await b.client.send('POST', '/v1/items?hint=7', Buffer.from('no event'));
    const sync = ['sync', url, ...nodeB];
    const first = await startExample(context, 'nostr-bridge', sync).ended;
    assert.match(first.stdout, /^the node holds 10 events\ntook 200 events, gave 10, refused 0$/);
    const second = await startExample(context, 'nostr-bridge', sync).ended;
    assert.match(second.stdout, /^the node holds 210 events\ntook 0 events, gave 0, refused 0$/);
    const [statusA, statusB] = [await a.client.status(), await b.client.status()];
    assert.equal(statusA.set.items, 210);
    assert.equal(statusB.set.items, 211, 'one item is no event');
  });

  it('makes a node and a relay with the Negentropy of nostr-tools equal', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const node = await daemons.start('a');
    const relay = new TestRelay();
    cleanUp(context, () => relay.close());
    const [mine, theirs] = [eventsOf(0, 60), eventsOf(40, 120)];
    for (const event of mine) await putEvent(node, event);
    for (const event of theirs) relay.events.set(event.id, event);
    const forged = { ...eventsOf(500, 501)[0]!, content: 'another note' };
    relay.events.set(forged.id, forged);
    relay.blocked.add(mine[0]!.id);
    const sync = ['sync', await relay.url(), ...nodeOf(node, daemons)];
    const late = await startExample(context, 'nostr-bridge', [...sync, '--since', `${FIRST + 58}`])
      .ended;
    assert.match(
      late.stdout,
      /took 4 events, gave 0, refused 1: the relay did not send a sound event$/,
    );
    const first = await startExample(context, 'nostr-bridge', sync).ended;
    assert.match(first.stdout, /\ntook 56 events, gave 39, refused 2: blocked: not here$/);
    assert.equal((await node.client.status()).set.items, 120);
    assert.equal(relay.events.size, 119 + 1);
    assert.deepEqual([...new Set(relay.heard)].sort(), [
      ...['CLOSE', 'EVENT', 'NEG-CLOSE', 'NEG-MSG', 'NEG-OPEN', 'REQ'],
    ]);
    relay.refusal = 'blocked: this query is too big';
    const refused = await startExample(context, 'nostr-bridge', sync).ended;
    assert.match(
      refused.stderr,
      /^nostr-bridge: the relay does not reconcile: blocked: this query/,
    );
    assert.equal(refused.code, 1);
  });

  it('refuses wrong messages with a reason, and goes on', async (context) => {
    const daemons = await LocalDaemons.create(context);
    const url = await served(context, nodeOf(await daemons.start('a'), daemons));
    const [event] = eventsOf(0, 1);
    const forged = { ...event, content: 'another note' };
    const answers = await answersOf(url, [
      ['NEG-OPEN', 'one', { kinds: [1] }, '6100000200'],
      ['NEG-OPEN', 'two', {}, 'no digits'],
      ['NEG-MSG', 'three', '61'],
      ['NEG-OPEN', 'four', {}, '6100000200'],
      ['NEG-MSG', 'four', '61ff'],
      ['EVENT', forged],
      ['REQ', 'five', { kinds: [1] }],
      ['COUNT', 'six', {}],
      ['EVENT', event],
    ]);
    const told = answers.map(([type, id, text]) => `${type} ${String(id).slice(0, 5)} ${text}`);
    const expected = [
      /^NEG-ERR one blocked: /,
      /^NEG-ERR two error: /,
      /^NEG-ERR three error: there is no such session/,
      /^NEG-MSG four 61/,
      /^NEG-ERR four error: /,
      /^OK \w{5} false/,
      /^CLOSED five unsupported: /,
      /^NOTICE unsup undefined/,
      /^OK \w{5} true/,
    ];
    for (const [i, pattern] of expected.entries()) assert.match(told[i]!, pattern);
  });
});
