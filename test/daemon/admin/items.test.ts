import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToHex, hexToBytes, itemId } from '../../../src/store/index.ts';
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

  it('tells items that are kept out from others that are not held, with the reason', async () => {
    const out = 'cd'.repeat(32);
    const facts = { at: '2026-01-01T00:00:00.000Z', hint: null, reason: 'spam' };
    running.node.keptOut.set(out, { by: 'operator', ...facts });
    for (const headers of [{}, { 'if-none-match': `"${out}"` }]) {
      const refused = await call(`/v1/items/${out}`, { headers });
      assert.deepEqual([refused.status, refused.json.code], [410, 'ITEM_KEPT_OUT']);
      assert.match(refused.json.message, /operator.*spam/);
    }
    assert.equal((await call(`/v1/items/${out}`, { method: 'HEAD' })).status, 410);
    running.node.keptOut.clear();
    assert.equal((await call(`/v1/items/${out}`)).status, 404);
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

  it('lists all of a set that is longer than the longest page', async () => {
    const fill = (hint: number) => {
      const [id, key] = [new Uint8Array(32).fill(7), `${hint}`];
      running.node.items.set(key, { hint: BigInt(hint), id, payload: new Uint8Array(hint % 3) });
    };
    for (let hint = 0; hint < 1_000; hint++) fill(hint);
    const whole = (await call('/v1/items?limit=1000')).json;
    assert.deepEqual([whole.items.length, whole.cursor], [1_000, null]);
    fill(1_000);
    const first = (await call('/v1/items?limit=1000')).json;
    assert.equal(first.items.length, 1_000);
    const rest = (await call(`/v1/items?limit=1000&cursor=${first.cursor}`)).json;
    assert.deepEqual([rest.items.length, rest.items[0].hint, rest.cursor], [1, '1000', null]);
  });

  it('lists the size of each item, and null where it cannot be read', async () => {
    const { id } = (await put('hello', '?hint=7')).json;
    assert.deepEqual((await call('/v1/items')).json.items, [{ hint: '7', id, bytes: 5 }]);
    running.node.fault = new Error('damaged');
    assert.deepEqual((await call('/v1/items')).json.items, [{ hint: '7', id, bytes: null }]);
  });

  it('takes the first digits of an id, from 8 on, where one item alone has them', async () => {
    const { id } = (await put('hello', '?hint=7')).json;
    const twins = ['0', '1', '2', '3', '4', '5'].map((digit) => `${'ab'.repeat(31)}a${digit}`);
    for (const twin of twins) {
      running.node.items.set(twin, { hint: 1n, id: hexToBytes(twin), payload: text(twin) });
    }
    for (const digits of [8, 9, 63]) {
      const path = `/v1/items/${id.slice(0, digits).toUpperCase()}`;
      const got = await call(path);
      assert.deepEqual([got.status, got.headers.etag], [200, `"${id}"`]);
      // More items may come that begin so.
      assert.equal(got.headers['cache-control'], 'no-cache');
      assert.equal((await call(path, { method: 'HEAD' })).headers['content-length'], '5');
      assert.equal((await call(`${path}/why`)).json.id, id);
    }
    for (const bad of [id.slice(0, 7), `${id.slice(0, 8)}g`, `${id}0`]) {
      assert.equal((await call(`/v1/items/${bad}`)).json.code, 'INVALID_ID', bad);
    }
    assert.equal((await call('/v1/items/00000000')).json.code, 'NOT_FOUND');
    const ambiguous = await call(`/v1/items/${'ab'.repeat(4)}`);
    assert.deepEqual([ambiguous.status, ambiguous.json.code], [409, 'AMBIGUOUS_ID']);
    const shown = `${twins.slice(0, 5).join(', ')} and others; give more digits`;
    assert.equal(ambiguous.json.message, `many ids begin with abababab: ${shown}`);
    running.node.items.delete(twins[5]!);
    const few = (await call(`/v1/items/${'ab'.repeat(4)}`)).json.message;
    assert.equal(
      few,
      `5 ids begin with abababab: ${twins.slice(0, 5).join(', ')}; give more digits`,
    );
  });

  it('refuses a compressed body, which would be stored as it is', async () => {
    for (const encoding of ['gzip', 'br', 'gzip, identity', '']) {
      const { status, json } = await put('x', '', { headers: { 'content-encoding': encoding } });
      assert.deepEqual([status, json.code], [415, 'UNSUPPORTED_ENCODING'], encoding);
    }
    const plain = await put('x', '', { headers: { 'content-encoding': 'Identity' } });
    assert.equal(plain.status, 201);
  });

  it('answers an expectation that it cannot meet in JSON', async () => {
    const { status, json } = await put('x', '', { headers: { expect: 'foo' } });
    assert.deepEqual([status, json.code], [417, 'EXPECTATION_FAILED']);
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
