import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedAdmin, send, startAdminFor } from './running-admin.ts';

describe('GET /', () => {
  const running = new SharedAdmin();
  const { call } = running;

  it('serves the status page without a token, also where reading needs it', async (t) => {
    const { url } = await startAdminFor(t, { readToken: true });
    const { status, headers, body } = await send(url, '/', { token: false });
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.match(new TextDecoder().decode(body), /^<!doctype html>/);
    assert.equal((await send(url, '/v1/status', { token: false })).status, 401);
  });

  it('sends a strict content security policy in place of that of other answers', async () => {
    const { headers } = await call('/', { token: false });
    const policy = String(headers['content-security-policy']);
    assert.match(
      policy,
      /^default-src 'none'; script-src 'sha256-[\w+/]{43}='; style-src 'sha256-/,
    );
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    const other = await call('/v1/status');
    assert.equal(other.headers['content-security-policy'], "default-src 'none'");
  });

  it('refuses a foreign host, and every other method', async () => {
    const foreign = await call('/', { token: false, headers: { host: 'evil.example' } });
    assert.equal(foreign.status, 403);
    assert.equal(foreign.json.code, 'HOST_REFUSED');
    const post = await call('/', { method: 'POST' });
    assert.equal(post.status, 405);
    assert.equal(post.headers.allow, 'GET, HEAD');
  });

  it('answers HEAD with the length of the page, and with no body', async () => {
    const whole = await call('/', { token: false });
    const head = await call('/', { method: 'HEAD', token: false });
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(Number(head.headers['content-length']), whole.body.length);
    assert.equal(head.headers.etag, whole.headers.etag);
  });

  it('is packed for clients that take gzip, and for no others', async () => {
    const encodings: Record<string, string | undefined> = {
      gzip: 'gzip',
      'br, GZIP;q=0.5, zstd': 'gzip',
      'br,gzip': 'gzip',
      'gzip;q=0': undefined,
      'gzip; q=0.000, br': undefined,
      'x-gzipped': undefined,
      identity: undefined,
    };
    for (const [accepted, encoding] of Object.entries(encodings)) {
      const { headers } = await call('/', { headers: { 'accept-encoding': accepted } });
      assert.equal(headers['content-encoding'], encoding, accepted);
      assert.equal(headers.vary, 'Accept-Encoding');
    }
    assert.equal((await call('/')).headers['content-encoding'], undefined);
  });

  it('is not sent again to a client that has it in the same encoding', async () => {
    const { headers } = await call('/');
    assert.equal(headers['cache-control'], 'no-cache');
    const known = { 'if-none-match': `"other", ${headers.etag}` };
    const same = await call('/', { headers: known });
    assert.equal(same.status, 304);
    assert.equal(same.body.length, 0);
    assert.equal(same.headers.etag, headers.etag);
    const packed = await call('/', { headers: { ...known, 'accept-encoding': 'gzip' } });
    assert.equal(packed.status, 200);
  });

  it('takes any query, as bookmarks and monitors have them', async () => {
    assert.equal((await call('/?from=a-bookmark', { token: false })).status, 200);
  });
});
