import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedAdmin, send, startAdmin, startAdminFor, TOKEN } from './running-admin.ts';

describe('access to the admin endpoint', () => {
  const running = new SharedAdmin();
  const { call } = running;

  it('needs the token for each change, before the body is read', async () => {
    const writes = ['/v1/items', '/v1/peers', '/v1/sync'];
    for (const path of writes) {
      for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, TOKEN]) {
        const headers = { authorization };
        const {
          status,
          json,
          headers: answered,
        } = await call(path, {
          method: 'POST',
          body: '{}',
          headers,
        });
        assert.deepEqual([status, json.code], [401, 'UNAUTHORIZED'], `${path} ${authorization}`);
        assert.match(String(answered['www-authenticate']), /^Bearer/);
      }
    }
    assert.equal(running.node.items.size, 0);
  });

  it('is refused for host names that a page could have rebound to this address', async () => {
    const status = async (host: string) => (await call('/v1/status', { headers: { host } })).status;
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9', '127.8.8.8', '[::1]:80']) {
      assert.equal(await status(host), 200, host);
    }
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '192.0.2.1',
      'a@localhost',
      '[',
    ]) {
      assert.equal(await status(host), 403, host);
    }
    const refused = await call('/livez', { headers: { host: 'evil.example:80' } });
    assert.equal(refused.json.code, 'HOST_REFUSED');
  });

  it('is allowed for the configured host names', async (context) => {
    const other = await startAdminFor(context, { allowedHosts: ['Mesh.Example.org'] });
    const headers = { host: 'mesh.example.org:443' };
    assert.equal((await send(other.url, '/v1/status', { headers })).status, 200);
  });

  it('needs the token for reads too when bound beyond loopback, except for probes', async (context) => {
    const other = await startAdminFor(context, { host: '0.0.0.0' });
    const paths = ['/v1/status', '/v1/peers', '/v1/items', '/nothing'];
    for (const path of paths) {
      assert.equal((await send(other.url, path, { token: false })).status, 401, path);
    }
    assert.equal((await send(other.url, '/v1/status')).status, 200);
    assert.equal((await send(other.url, '/livez', { token: false })).status, 200);
    assert.equal((await send(other.url, '/readyz', { token: false })).status, 200);
    const byAddress = { host: '192.0.2.7:9464' };
    assert.equal((await send(other.url, '/v1/status', { headers: byAddress })).status, 200);
    const byName = { host: 'evil.example' };
    assert.equal((await send(other.url, '/v1/status', { headers: byName })).status, 403);
  });

  it('is not possible beyond loopback without a token', async () => {
    await assert.rejects(startAdmin({ host: '0.0.0.0', token: null }), {
      name: 'DaemonError',
      code: 'ADMIN_EXPOSED',
      exitCode: 78,
    });
  });

  it('needs the new token once its file was replaced, and points at no file with another one', async (context) => {
    const source = { token: TOKEN, trouble: null as string | null, next: TOKEN };
    const look = async (now: boolean) => {
      if (now) source.token = source.next;
    };
    const other = await startAdminFor(context, { token: Object.assign(source, { look }) });
    const put = (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return send(other.url, '/v1/items', { method: 'POST', headers });
    };
    source.next = 'n'.repeat(40);
    assert.equal((await put('n'.repeat(40))).status, 201);
    const old = await put(TOKEN);
    assert.equal(old.status, 401);
    assert.match(old.json.message, /the token is in the file admin\.token/);
    source.trouble = 'gone';
    assert.match((await put(TOKEN)).json.message, /its file cannot be used at the moment/);
  });

  it('allows no change when no token is configured', async (context) => {
    const other = await startAdminFor(context, { token: null });
    assert.equal((await send(other.url, '/v1/items', { method: 'POST' })).status, 401);
    assert.equal((await send(other.url, '/v1/status')).status, 200);
  });
});
