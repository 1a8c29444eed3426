import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, itemId } from '../../../src/store/index.ts';
import { SharedAdmin } from './running-admin.ts';

const text = (content: string) => new TextEncoder().encode(content);

describe('admin endpoint: items', () => {
  const running = new SharedAdmin();
  const { call, put } = running;

  it('stores once under a given hint: 201, then 200', async () => {
    const id = bytesToHex(itemId(7n, text('hello')));
    const first = await put('hello', '?hint=7');
    assert.deepEqual([first.status, first.json], [201, { id, hint: '7', created: true }]);
    assert.equal(first.headers.location, `/v1/items/${id}`);
    const second = await put('hello', '?hint=7');
    assert.deepEqual([second.status, second.json], [200, { id, hint: '7', created: false }]);
  });

  it('leaves the hint to the node when none is given', async () => {
    assert.equal((await put('hello')).json.hint, '1000');
  });

  it('keeps hints exact beyond 2^53', async () => {
    const hint = '18446744073709551614';
    const { json } = await put('x', `?hint=${hint}`);
    assert.equal(json.hint, hint);
    assert.equal((await call(`/v1/items/${json.id}`)).headers['rangemesh-hint'], hint);
  });

  it('stores bytes of any content type unchanged, also an empty body', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const type of [undefined, 'application/octet-stream', 'application/json', 'text/x-odd']) {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const { json } = await put(bytes, '', { headers });
      assert.deepEqual((await call(`/v1/items/${json.id}`)).body, bytes);
    }
    const empty = await call('/v1/items?hint=1', { method: 'POST' });
    assert.equal(empty.status, 201);
    assert.equal((await call(`/v1/items/${empty.json.id}`)).body.length, 0);
  });

  it('answers GET and HEAD with hint, length, tag and permanent caching', async () => {
    const { id } = (await put('hello', '?hint=7')).json;
    const get = await call(`/v1/items/${id.toUpperCase()}`, { token: false });
    const head = await call(`/v1/items/${id}`, { method: 'HEAD', token: false });
    for (const answer of [get, head]) {
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['rangemesh-hint'], '7');
      assert.equal(answer.headers['content-length'], '5');
      assert.equal(answer.headers['content-type'], 'application/octet-stream');
      assert.equal(answer.headers.etag, `"${id}"`);
      assert.match(String(answer.headers['cache-control']), /immutable/);
    }
    assert.deepEqual(get.body, text('hello'));
    assert.equal(head.body.length, 0);
    const again = await call(`/v1/items/${id}`, { headers: { 'if-none-match': `"${id}"` } });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
  });

  it('separates invalid ids from ids that are not held', async () => {
    const bad = await call('/v1/items/xyz');
    assert.deepEqual([bad.status, bad.json.code], [400, 'INVALID_ID']);
    const absent = '00'.repeat(32);
    const missing = await call(`/v1/items/${absent}`);
    assert.deepEqual([missing.status, missing.json.code], [404, 'NOT_FOUND']);
    assert.equal((await call(`/v1/items/${absent}`, { method: 'HEAD' })).status, 404);
  });

  it('refuses an invalid hint', async () => {
    for (const hint of ['-1', '1.5', '', 'abc', '18446744073709551615', '9'.repeat(40)]) {
      const { status, json } = await put('x', `?hint=${hint}`);
      assert.deepEqual([status, json.code], [400, 'INVALID_HINT'], hint);
    }
    const twice = await put('x', '?hint=1&hint=2');
    assert.deepEqual([twice.status, twice.json.code], [400, 'INVALID_QUERY']);
    const unknown = await put('x', '?hnt=1');
    assert.deepEqual([unknown.status, unknown.json.code], [400, 'INVALID_QUERY']);
  });

  it('refuses a body above the limit, of any size and framing', async () => {
    assert.equal((await put(new Uint8Array(1_024))).status, 201);
    const answers = [
      await put(new Uint8Array(1_025)),
      await put(new Uint8Array(8 * 1024 * 1024)),
      await put(new Uint8Array(1_025), '', { headers: { 'transfer-encoding': 'chunked' } }),
      await put(new Uint8Array(8 * 1024 * 1024), '', {
        headers: { 'transfer-encoding': 'chunked' },
      }),
    ];
    for (const { status, json } of answers) {
      assert.deepEqual([status, json.code], [413, 'ITEM_TOO_LARGE']);
      assert.match(json.message, /1024 bytes/);
    }
    assert.equal(running.node.items.size, 1);
  });

  it('lists keys in order, page by page', async () => {
    for (let hint = 0; hint < 10; hint++) await put('same', `?hint=${10 - hint}`);
    await put('other', '?hint=5');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { json } = await call(`/v1/items?from=2&to=10&limit=3${query}`, { token: false });
      assert.ok(json.items.length <= 3);
      for (const { hint, id } of json.items) seen.push(`${hint} ${id}`);
      cursor = json.cursor;
    }
    assert.deepEqual(
      seen.map((key) => Number(key.split(' ')[0])),
      [2, 3, 4, 5, 5, 6, 7, 8, 9],
    );
    assert.deepEqual(seen, [...new Set(seen)]);
    assert.deepEqual((await call('/v1/items?from=100')).json, { items: [], cursor: null });
  });

  it('names the mistake in a query for a list', async () => {
    const code = async (query: string) => {
      const { status, json } = await call(`/v1/items?${query}`);
      return `${status} ${json.code}`;
    };
    assert.equal(await code('limit=0'), '400 INVALID_QUERY');
    assert.equal(await code('limit=1001'), '400 INVALID_QUERY');
    assert.equal(await code('limmit=1'), '400 INVALID_QUERY');
    assert.equal(await code('from=5&to=4'), '400 INVALID_QUERY');
    assert.equal(await code('from=x'), '400 INVALID_HINT');
    assert.equal(await code('cursor=x'), '400 INVALID_CURSOR');
    assert.equal(await code(`cursor=18446744073709551615.${'0'.repeat(64)}`), '400 INVALID_CURSOR');
  });
});
