import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DaemonClient, type DaemonIdentity } from '../../../src/daemon/cli/testing.ts';

const get = (client: DaemonClient, settings?: { idleMs: number }): Promise<{ fine: boolean }> =>
  client.ask((daemon) => daemon.json({ method: 'GET', path: '/status' }), settings);

describe('client', () => {
  /** How the server meets its next calls; `hang` lets them wait, `reset` breaks the connection. */
  let moods: ('answer' | 'reset' | 'hang' | 'babble' | 'proxy' | 'busy' | 'endless')[];
  let calls = 0;
  /** Paths asked for, each with the token shown. */
  let heard: string[] = [];
  const server = createServer((request, response) => {
    calls++;
    heard.push(`${request.url} ${request.headers.authorization ?? ''}`);
    request.resume();
    const mood = moods.shift() ?? 'answer';
    if (mood === 'reset') response.socket?.resetAndDestroy();
    else if (mood === 'babble') response.end('<html>');
    else if (mood === 'proxy') response.writeHead(502).end('<html>');
    else if (mood === 'busy') response.writeHead(503).end('{"code":"BUSY"}');
    else if (mood === 'endless') response.end('x'.repeat(100_000));
    else if (mood === 'answer') response.end('{"fine":true,"proof":"right"}');
  });
  let client: DaemonClient;

  beforeEach(async () => {
    calls = 0;
    heard = [];
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

  it('keeps the path of the URL before that of a call', async () => {
    moods = [];
    const below = new DaemonClient({ url: `${client.url}/nodes/a/`, token: null });
    await below.ask((daemon) => daemon.json({ method: 'GET', path: '/status', query: { x: 1 } }));
    below.close();
    assert.deepEqual(heard, ['/nodes/a/v1/status?x=1 ']);
  });

  it('retries calls that may run twice', async () => {
    for (const mood of ['reset', 'hang'] as const) {
      moods = [mood];
      // Only the call that hangs needs the short limit: a slow machine may need longer to answer.
      const idleMs = mood === 'hang' ? 500 : 30_000;
      const { fine } = await get(client, { idleMs });
      assert.equal(fine, true);
    }
    assert.equal(calls, 4);
    moods = ['reset', 'reset', 'answer'];
    await assert.rejects(get(client), { code: 'ADMIN_UNREACHABLE' });
  });

  it('does not retry calls that must run once', async () => {
    moods = ['reset'];
    const refused = client.ask((daemon) => daemon.sync());
    await assert.rejects(refused, { code: 'ADMIN_UNREACHABLE', exitCode: 69 });
    assert.equal(calls, 1);
  });

  it('uses TLS for an https URL', async () => {
    const secure = new DaemonClient({ url: client.url.replace('http:', 'https:'), token: null });
    await assert.rejects(get(secure), { code: 'TLS_MISSING' });
    secure.close();
    assert.equal(calls, 0);
  });

  describe('that knows its daemon by a proof', () => {
    const knowing = (answer: string | null): DaemonClient => {
      let drawn = 0;
      const identity: DaemonIdentity = {
        directory: '/data',
        challenge: () => `c${++drawn}`,
        answer: () => answer,
      };
      const { url } = client;
      client.close();
      client = new DaemonClient({ url, token: 'secret', identity });
      return client;
    };

    it('asks for the proof before it shows the token, once while a connection lasts', async () => {
      const knows = knowing('right');
      await Promise.all([get(knows), get(knows)]);
      await get(knows);
      const shown = '/v1/status Bearer secret';
      assert.deepEqual(heard, ['/v1/identity/c1 ', shown, shown, shown]);
    });

    it('asks again after a connection has closed', async () => {
      const knows = knowing('right');
      await get(knows);
      moods = ['reset', 'answer'];
      await get(knows);
      const [challenge, shown] = ['/v1/identity/', '/v1/status Bearer secret'];
      assert.deepEqual(heard, [`${challenge}c1 `, shown, shown, `${challenge}c2 `, shown]);
    });

    it('tells nothing to a daemon that is too busy for a proof, and advises to try again', async () => {
      moods = ['busy', 'answer'];
      const knower = knowing('right');
      const busy = { code: 'ADMIN_UNREACHABLE', exitCode: 69, message: /try again in a moment/ };
      await assert.rejects(get(knower), busy);
      assert.deepEqual(heard, ['/v1/identity/c1 ']);
      assert.equal((await get(knower)).fine, true);
    });

    it('tells nothing to another program, whatever that answers', async () => {
      const wrong = { code: 'NOT_THIS_DAEMON', exitCode: 69, message: /the daemon of \/data/ };
      for (const mood of ['babble', 'proxy', 'endless'] as const) {
        moods = [mood];
        await assert.rejects(get(knowing('right')), wrong, mood);
      }
      await assert.rejects(get(knowing('other')), wrong);
      await assert.rejects(get(knowing(null)), wrong, 'the directory holds no key');
      assert.equal(heard.length, 5);
      for (const line of heard) assert.match(line, /^\/v1\/identity\/c1 $/);
    });
  });

  it('recognises an answer of another program', async () => {
    moods = ['babble'];
    await assert.rejects(get(client), /no rangemesh daemon/);
    moods = ['proxy'];
    const refused = get(client);
    await assert.rejects(refused, { code: 'HTTP_502', status: 502 });
  });
});
