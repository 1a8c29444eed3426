import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DaemonClient } from '../../../src/daemon/cli/testing.ts';

describe('client', () => {
  /** How the server meets its next calls; `hang` lets them wait, `reset` breaks the connection. */
  let moods: ('answer' | 'reset' | 'hang' | 'babble' | 'proxy')[];
  let calls = 0;
  const server = createServer((request, response) => {
    calls++;
    request.resume();
    const mood = moods.shift() ?? 'answer';
    if (mood === 'reset') response.socket?.resetAndDestroy();
    else if (mood === 'babble') response.end('<html>');
    else if (mood === 'proxy') response.writeHead(502).end('<html>');
    else if (mood === 'answer') response.end('{"fine":true}');
  });
  let client: DaemonClient;

  beforeEach(async () => {
    calls = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = new DaemonClient({ url: `http://127.0.0.1:${port}`, token: null });
  });
  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  it('retries calls that may run twice', async () => {
    for (const mood of ['reset', 'hang'] as const) {
      moods = [mood];
      // Only the call that hangs needs the short limit: a slow machine may need longer to answer.
      const idleMs = mood === 'hang' ? 500 : 30_000;
      const call = { method: 'GET', path: '/', idleMs } as const;
      assert.deepEqual(await client.json(call), { fine: true });
    }
    assert.equal(calls, 4);
    moods = ['reset', 'reset', 'answer'];
    await assert.rejects(client.json({ method: 'GET', path: '/' }), { code: 'ADMIN_UNREACHABLE' });
  });

  it('does not retry calls that must run once', async () => {
    moods = ['reset'];
    const refused = client.json({ method: 'POST', path: '/', body: {} });
    await assert.rejects(refused, { code: 'ADMIN_UNREACHABLE', exitCode: 69 });
    assert.equal(calls, 1);
  });

  it('uses TLS for an https URL', async () => {
    const secure = new DaemonClient({ url: client.url.replace('http:', 'https:'), token: null });
    await assert.rejects(secure.json({ method: 'GET', path: '/' }), {
      code: 'ADMIN_UNREACHABLE',
      message: /SSL|TLS|EPROTO/,
    });
    secure.close();
    assert.equal(calls, 0);
  });

  it('recognises an answer of another program', async () => {
    moods = ['babble'];
    await assert.rejects(client.json({ method: 'GET', path: '/' }), /no rangemesh daemon/);
    moods = ['proxy'];
    const refused = client.json({ method: 'GET', path: '/' });
    await assert.rejects(refused, { code: 'HTTP_502', status: 502 });
  });
});
