import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { cleanUp } from '../../support/clean-up.ts';
import { within } from '../../support/within.ts';
import { send, startAdminFor } from './running-admin.ts';

const item = (fill: number) => ({ hint: BigInt(fill), id: new Uint8Array(32).fill(fill) });

/** A client that reads events; `until` resolves with all text once it has so many events. */
async function listen(
  context: TestContext,
  url: string,
  headers: Record<string, string> = {},
  query = '',
) {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const call = request(`${url}/v1/events${query}`, { headers, agent: false });
  call.on('response', resolve).on('error', reject).end();
  cleanUp(context, () => call.destroy());
  const response = await within(promise, 'the head of an answer');
  let text = '';
  let wake = () => {};
  const ended = Promise.withResolvers<void>();
  response.on('data', (part) => {
    text += part;
    wake();
  });
  response.on('error', () => {}).on('close', () => ended.resolve());
  const until = (accept: (text: string) => boolean) => {
    const found = Promise.withResolvers<string>();
    wake = () => {
      if (accept(text)) found.resolve(text);
    };
    wake();
    return within(found.promise, 'events');
  };
  return { call, response, until, ended: ended.promise };
}

describe('GET /v1/events', () => {
  it('sends a line of JSON for each event', async (context) => {
    const { node, url } = await startAdminFor(context);
    const { response, until } = await listen(context, url);
    assert.match(String(response.headers['content-type']), /^application\/x-ndjson/);
    await until((text) => text === '\n');
    node.events.items([item(1)]);
    node.events.want('p', [item(2).id]);
    const text = await until((text) => text.split('\n').length >= 4);
    const [first, second] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.match(first.id, /^[0-9a-f]{8}-1$/);
    assert.match(first.at, /^\d{4}-.*Z$/);
    assert.deepEqual([first.type, first.item, first.hint], ['item', '01'.repeat(32), '1']);
    assert.deepEqual([second.type, second.peerId, second.items], ['want', 'p', 1]);
    assert.equal(second.first, '02'.repeat(32));
  });

  it('sends server-sent events to clients that accept them, from the last they have', async (context) => {
    const { node, url } = await startAdminFor(context);
    for (const peer of ['a', 'b', 'c']) node.events.peer(peer, 'connected');
    const headers = {
      accept: 'text/event-stream',
      'last-event-id': node.events.place({ number: 1, missed: 0 }),
    };
    const { response, until } = await listen(context, url, headers);
    assert.match(String(response.headers['content-type']), /^text\/event-stream/);
    const text = await until((text) => text.includes('"c"'));
    const events = text.split('\n\n').filter((part) => part.startsWith('id: '));
    assert.equal(events.length, 2);
    const [id, event, data] = events[0]!.split('\n');
    assert.equal(id, `id: ${node.events.place({ number: 2, missed: 0 })}`);
    assert.equal(event, 'event: peer');
    assert.equal(JSON.parse(data!.slice('data: '.length)).peerId, 'b');
    const old = { ...headers, 'last-event-id': '00000000-1' };
    const other = await listen(context, url, old);
    assert.match(await other.until((text) => text.includes('gap')), /"type":"gap","missed":null/);
  });

  it('leaves out types that the client does not ask for, and refuses types that are none', async (context) => {
    const { node, url } = await startAdminFor(context);
    const { until } = await listen(context, url, {}, '?type=peer,config');
    await until((text) => text === '\n');
    node.events.items([item(1)]);
    node.events.incident({ code: 'c', message: 'm' });
    node.events.config(['log.level']);
    const [line] = (await until((text) => text.length > 1)).trim().split('\n');
    assert.deepEqual(JSON.parse(line!).changed, ['log.level']);
    const wrong = await send(url, '/v1/events?type=peer,nope');
    assert.deepEqual([wrong.status, wrong.json.code], [400, 'INVALID_QUERY']);
    assert.equal((await send(url, '/v1/events?type=peer', { method: 'HEAD' })).status, 200);
  });

  it('ends when the endpoint closes', async (context) => {
    const { admin, url } = await startAdminFor(context);
    const { until, ended } = await listen(context, url);
    await until((text) => text === '\n');
    await within(admin.close(), 'the endpoint closes', 2_000);
    await within(ended, 'the answer ends');
  });

  it('takes 32 clients, and another one when one of them has left', async (context) => {
    const { url } = await startAdminFor(context);
    const clients = [];
    for (let i = 0; i < 32; i++) clients.push(await listen(context, url));
    const refused = await send(url, '/v1/events');
    assert.deepEqual([refused.status, refused.json.code], [503, 'BUSY']);
    clients[0]!.call.destroy();
    await clients[0]!.ended;
    for (let tries = 0; tries < 100; tries++) {
      const { status } = await send(url, '/v1/events', { method: 'HEAD' });
      assert.equal(status, 200);
      const next = await listen(context, url);
      if (next.response.statusCode === 200) return;
    }
    assert.fail('no client is taken');
  });
});
