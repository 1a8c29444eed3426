import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import type { AdminBounds } from '../../../src/daemon/admin/options.ts';
import { HttpConnections } from '../../../src/daemon/admin/testing.ts';
import { until } from '../../e2e/support/mesh.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { within } from '../../support/within.ts';
import { type RunningAdmin, send, startAdmin } from './running-admin.ts';
import { closed, dial, request } from './sockets.ts';

/** More than the buffers of a connection take. */
const LONG = 2 ** 24;
const PUT: string = request('POST', '/v1/items?hint=1');

/** An endpoint whose puts wait until `open` is called. */
async function gated(context: TestContext, bounds: Partial<AdminBounds>) {
  const running = await startAdmin({ bounds });
  cleanUp(context, () => running.admin.close());
  const gate = Promise.withResolvers<void>();
  cleanUp(context, () => gate.resolve());
  running.node.gate = gate.promise;
  return { ...running, open: () => gate.resolve() };
}

/** A client that asks, and reads no answer. Resolves once the answer is begun. */
async function ask(context: TestContext, { url, node }: RunningAdmin, text: string): Promise<void> {
  const asked = Promise.withResolvers<void>();
  const { verify } = node;
  const long = () => {
    asked.resolve();
    return [{ code: 'INDEX', key: '', message: 'x'.repeat(LONG) } as const];
  };
  node.peers = long as never;
  node.verify = async () => ({ ...(await verify({})), problems: long() });
  const socket = await dial(context, url);
  socket.pause();
  socket.write(text);
  await within(asked.promise, 'an answer');
}

/** Resolves when a request finds a place. */
async function free(url: string): Promise<void> {
  await until(
    async () => (await send(url, `/v1/items/${'00'.repeat(32)}`)).status,
    (status) => status === 404,
  );
}

describe('connections to the admin endpoint', () => {
  it('have as many requests waiting as allowed, and end at one more', async (context) => {
    const { url, open } = await gated(context, { maxPipelined: 3 });
    const fit = await dial(context, url, PUT.repeat(3));
    await closed(await dial(context, url, PUT.repeat(4)));
    assert.equal(fit.destroyed, false);
    let text = '';
    fit.on('data', (bytes) => {
      text += bytes;
    });
    const answers = (count: number) =>
      until(
        async () => text.split('HTTP/1.1 20').length - 1,
        (now) => now === count,
      );
    open();
    await answers(3);
    fit.write(PUT.repeat(3));
    await answers(6);
  });

  it('end in the midst of a block of a thousand requests, before those are made', async (context) => {
    const counts = { answered: 0, unmet: 0, made: 0 };
    const bounds = { maxConnections: 10, maxPipelined: 8 };
    const unmet = () => counts.unmet++;
    const server = new HttpConnections(bounds).serve({}, () => counts.answered++, { unmet });
    const made = () => counts.made++;
    server.on('request', made).on('checkExpectation', made).listen(0, '127.0.0.1');
    cleanUp(context, () => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const sent = async (text: string) =>
      closed(await dial(context, `http://127.0.0.1:${port}`, text.repeat(1_000)));
    await sent(PUT);
    assert.deepEqual(counts, { answered: 8, unmet: 0, made: 8 });
    await sent(PUT.replace('\r\n', '\r\nExpect: a cake\r\n'));
    assert.deepEqual(counts, { answered: 8, unmet: 8, made: 16 });
  });

  it('stay with a request under way, and make room once it is refused', async (context) => {
    const { url, node, open } = await gated(context, { maxRequests: 1, maxConnections: 2 });
    const reached = Promise.withResolvers<void>();
    const original = node.put.bind(node);
    node.put = (payload, hint) => {
      reached.resolve();
      return original(payload, hint);
    };
    const put = send(url, '/v1/items?hint=1', { method: 'POST', body: 'x' });
    await within(reached.promise, 'a put under way');
    const refused = await dial(context, url, request('POST', '/v1/sync'));
    await within(once(refused, 'data'), 'a refusal');
    const gone = closed(refused);
    assert.equal((await send(url, '/livez')).status, 200);
    await gone;
    open();
    assert.equal((await put).status, 201);
    await free(url);
  });

  it('go in the order of their last requests', async (context) => {
    const { url } = await gated(context, { maxConnections: 2 });
    const first = await dial(context, url);
    const second = await dial(context, url);
    first.write(request('GET', '/livez'));
    await within(once(first, 'data'), 'an answer');
    const gone = closed(second);
    assert.equal((await send(url, '/livez')).status, 200);
    await gone;
    assert.equal(first.destroyed, false);
  });

  it('leave no timer behind though a body was still to come after its refusal', async (context) => {
    const clock = new VirtualClock();
    const { admin, url } = await startAdmin({ clock });
    cleanUp(context, () => admin.close());
    const head = 'POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n';
    const refused = await dial(context, url, head);
    await within(once(refused, 'data'), 'a refusal');
    assert.equal(clock.pending, 1, 'the body must still come in time');
    refused.destroy();
    await admin.close();
    assert.equal(clock.pending, 0);
  });

  it('end where the answer is not read, to a POST alike, but not while it is thought about', async (context) => {
    const running = await gated(context, { maxRequests: 2, unreadMs: 60 });
    const { url, node } = running;
    const { verify } = node;
    const [begun, thought] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    node.verify = async (options) => {
      options.progress?.({ phase: 'log', done: 1, of: 2 });
      begun.resolve();
      await thought.promise;
      return verify(options);
    };
    const thinker = send(url, '/v1/verify', { method: 'POST' });
    await within(begun.promise, 'a verification');
    for (let round = 0; round < 2; round++) {
      await ask(context, running, request('GET', '/v1/peers'));
      await free(url);
    }
    thought.resolve();
    assert.match(new TextDecoder().decode((await thinker).body), /"result"/);
    for (let i = 0; i < 2; i++) await ask(context, running, request('POST', '/v1/verify'));
    await free(url);
  });
});
