import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { request as requestSecurely } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { within } from '../../support/within.ts';
import { send, startAdmin, startAdminFor, TLS } from './running-admin.ts';

describe('the socket of the admin endpoint', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangemesh-socket-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** The status of a call without a token. */
  async function call(socketPath: string, method: string, path: string, host = 'localhost') {
    const sent = request({ socketPath, method, path, agent: false, headers: { host } });
    sent.end(method === 'POST' ? 'x' : undefined);
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode;
  }

  it('takes writes without a token under any host name, and has mode 0600', async (context) => {
    const socket = join(folder, 'a.sock');
    const { admin, url } = await startAdminFor(context, { socket, readToken: true });
    assert.equal((await stat(socket)).mode & 0o777, 0o600);
    assert.equal(await call(socket, 'POST', '/v1/items?hint=1'), 201);
    assert.equal(await call(socket, 'GET', '/v1/status', 'evil.example'), 200);
    assert.equal((await send(url, '/v1/status', { token: false })).status, 401, 'unlike the port');
    await admin.close();
    await assert.rejects(stat(socket), { code: 'ENOENT' });
  });

  it('shares the bounds on connections with the port', async (context) => {
    const socket = join(folder, 'b.sock');
    const { url } = await startAdminFor(context, { socket, bounds: { maxConnections: 2 } });
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    const closed = once(idle, 'close');
    await once(idle, 'connect');
    for (let i = 0; i < 2; i++) {
      const other = connect(socket);
      context.after(() => other.destroy());
      await once(other, 'connect');
    }
    await within(closed, 'the end of the idle connection');
  });

  it('takes the place of one that a killed daemon left, and twice in a row', async (context) => {
    const socket = join(folder, 'c.sock');
    for (let round = 0; round < 2; round++) {
      await leaveSocket(socket);
      const { admin } = await startAdminFor(context, { socket });
      assert.equal(await call(socket, 'GET', '/livez'), 200);
      await admin.close();
    }
  });

  it('leaves alone a socket in use and files of other kinds, and frees the port', async (context) => {
    const socket = join(folder, 'd.sock');
    await startAdminFor(context, { socket });
    const taken = { code: 'LISTEN_FAILED', exitCode: 69, message: /another admin.socket/ };
    await assert.rejects(startAdmin({ socket }), taken);
    assert.equal(await call(socket, 'GET', '/livez'), 200);
    const file = join(folder, 'file');
    await writeFile(file, 'mine');
    await assert.rejects(startAdmin({ socket: file }), taken);
    assert.equal(await readFile(file, 'utf8'), 'mine');
  });

  it('is refused with the reason: no directory, a file there, a path too long', async (context) => {
    const file = join(folder, 'no-socket');
    await writeFile(file, 'mine');
    for (const [socket, message] of [
      [join(folder, 'none', 'a.sock'), /the directory .*none does not exist/],
      [join(file, 'a.sock'), /no-socket is no directory/],
      [file, /a file that is no socket is there/],
      [join(folder, 'x'.repeat(108)), /the path has \d+ bytes, and a socket takes at most 10[37]/],
    ] as const) {
      const refused = { code: 'LISTEN_FAILED', exitCode: 69, message };
      await assert.rejects(startAdminFor(context, { socket }), refused);
    }
  });
});

/** As SIGKILL leaves it: without a program behind it. */
async function leaveSocket(path: string): Promise<void> {
  const kept = `${path}.kept`;
  const server = createServer().listen(kept);
  await once(server, 'listening');
  // Closing removes the name that it knows.
  await rename(kept, path);
  server.close();
  await once(server, 'close');
}

describe('TLS of the admin endpoint', () => {
  it('serves the same calls over HTTPS, and nothing without it', async (context) => {
    const { url } = await startAdminFor(context, { tls: TLS });
    assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const options = { ca: TLS.cert, checkServerIdentity: () => undefined, agent: false };
    const sent = requestSecurely(`${url}/v1/status`, options).end();
    const [response] = await once(sent, 'response');
    assert.equal(response.statusCode, 200);
    assert.equal(JSON.parse(await text(response)).network, 'test');
    const plain = request(url.replace('https', 'http'), { agent: false }).end();
    await assert.rejects(within(once(plain, 'response'), 'the end of a plain call'));
  });

  it('closes connections without a handshake after a while', async (context) => {
    const { url } = await startAdminFor(context, { tls: TLS, bounds: { headersMs: 100 } });
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    idle.on('error', () => undefined).resume();
    await within(once(idle, 'close'), 'the end of the connection');
  });

  it('refuses a certificate or key that is none', async () => {
    for (const tls of [
      { ...TLS, cert: 'x' },
      { ...TLS, key: 'x' },
    ]) {
      await assert.rejects(startAdmin({ tls }), { code: 'TLS_UNREADABLE', exitCode: 65 });
    }
  });

  it('refuses a key of another certificate, also of another type', async (context) => {
    for (const { privateKey } of [
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('ed25519'),
    ]) {
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const refused = { code: 'TLS_UNREADABLE', exitCode: 65 };
      await assert.rejects(startAdminFor(context, { tls: { ...TLS, key } }), refused);
    }
  });
});

describe('admin.readToken', () => {
  it('asks for the token of each read on loopback, not of probes', async (context) => {
    const { url } = await startAdminFor(context, { readToken: true });
    for (const path of ['/v1/status', '/v1/items', '/openapi.json']) {
      assert.equal((await send(url, path, { token: false })).status, 401, path);
      assert.equal((await send(url, path)).status, 200, path);
    }
    assert.equal((await send(url, '/livez', { token: false })).status, 200);
    const { paths } = (await send(url, '/openapi.json')).json;
    assert.deepEqual(paths['/v1/items'].get.security, [{ bearer: [] }]);
  });
});
