import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import {
  type BulkFormat,
  type BulkRecord,
  ExportReader,
  SPEAKERS,
} from '../../../src/daemon/bulk/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';
import type { BatchLine } from '../../../src/daemon/schemas/index.ts';
import type { HoldMemory } from '../../../src/daemon/testing.ts';
import { bytesToHex, concatBytes, itemId, StoreError } from '../../../src/store/index.ts';
import { until } from '../../e2e/support/mesh.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { VirtualClock } from '../../support/clock.ts';
import { within } from '../../support/within.ts';
import { SharedAdmin, send, startAdmin, startAdminFor, TOKEN } from './running-admin.ts';
import { closed, dial } from './sockets.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const linesOf = (body: Uint8Array): BatchLine[] =>
  new TextDecoder()
    .decode(body)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

function bytesOf(format: BulkFormat, payloads: readonly (string | Uint8Array)[]): Uint8Array {
  const items = payloads.map((given, at) => {
    const payload = typeof given === 'string' ? text(given) : given;
    const hint = BigInt(at + 1);
    return concatBytes(...SPEAKERS[format].item({ hint, payload, id: itemId(hint, payload) }));
  });
  return concatBytes(...items);
}

const typeOf = (format: BulkFormat) => ({ 'content-type': SPEAKERS[format].mediaType });

describe('a batch', () => {
  const running = new SharedAdmin();
  const batch = (format: BulkFormat, body: Uint8Array) =>
    running.call('/v1/items/batch', { method: 'POST', body, headers: typeOf(format) });

  for (const format of ['ndjson', 'binary'] as const) {
    it(`in ${format} is answered in order, item by item`, async () => {
      await running.put('two', '?hint=2');
      const { status, body } = await batch(format, bytesOf(format, ['one', 'two', 'three']));
      assert.equal(status, 200);
      const answer = (hint: bigint, content: string, created: boolean) => ({
        id: bytesToHex(itemId(hint, text(content))),
        hint: `${hint}`,
        created,
      });
      assert.deepEqual(linesOf(body), [
        answer(1n, 'one', true),
        answer(2n, 'two', false),
        answer(3n, 'three', true),
        { trailer: { items: 3, created: 2, held: 1, failed: 0, error: null } },
      ]);
      assert.equal(running.node.items.size, 3);
    });

    it(`in ${format} tells of each refused item, and stores the others`, async (context) => {
      const { put } = running.node;
      context.after(() => {
        running.node.put = put;
      });
      running.node.put = async (payload, hint) => {
        if (new TextDecoder().decode(payload) === 'key')
          throw new DaemonError('OWN_SECRET', 'it is a key');
        return put.call(running.node, payload, hint);
      };
      const payloads = ['one', new Uint8Array(1_025), 'key', 'four'];
      const lines = linesOf((await batch(format, bytesOf(format, payloads))).body);
      const seen = lines.map((line) => {
        if ('error' in line) return [line.line, line.error.code];
        return 'created' in line ? line.created : line.trailer;
      });
      const trailer = { items: 4, created: 2, held: 0, failed: 2, error: null };
      assert.deepEqual(seen, [true, [2, 'ITEM_TOO_LARGE'], [3, 'OWN_SECRET'], true, trailer]);
    });

    it(`in ${format} takes an export as it is`, async () => {
      const export_ = concatBytes(
        bytesOf(format, ['one']),
        SPEAKERS[format].notice({ trailer: { items: 1, bytes: 3, fingerprint: 'ab'.repeat(32) } }),
      );
      const lines = linesOf((await batch(format, export_)).body);
      assert.deepEqual(lines.at(-1), {
        trailer: { items: 1, created: 1, held: 0, failed: 0, error: null },
      });
      const error = { code: 'STORE_CORRUPT', message: 'an item is damaged' };
      const failed = concatBytes(bytesOf(format, ['one']), SPEAKERS[format].notice({ error }));
      const [, end] = linesOf((await batch(format, failed)).body);
      assert.ok(end !== undefined && 'trailer' in end);
      assert.deepEqual([end.trailer.held, end.trailer.error?.code], [1, 'EXPORT_FAILED']);
    });
  }

  it('gives all items of a group the error that kept them from being stored', async () => {
    running.node.fault = new StoreError('DISK_FULL', 'no room');
    const lines = linesOf((await batch('binary', bytesOf('binary', ['one', 'two']))).body);
    const error = { code: 'DISK_FULL', message: 'no room' };
    assert.deepEqual(lines, [
      { error, line: 1 },
      { error, line: 2 },
      { trailer: { items: 2, created: 0, held: 0, failed: 2, error: null } },
    ]);
  });

  it('says how much was stored where the stream breaks off', async () => {
    const body = bytesOf('binary', ['one', 'two']);
    const [first, end, ...others] = linesOf((await batch('binary', body.subarray(0, -1))).body);
    assert.ok(first !== undefined && 'created' in first);
    assert.ok(end !== undefined && 'trailer' in end && others.length === 0);
    assert.deepEqual([end.trailer.created, end.trailer.error?.code], [1, 'STREAM_CUT']);
    assert.equal(running.node.items.size, 1);
  });

  it('stores no item under an id that its bytes do not have, and takes the present time as the hint', async () => {
    const line = (fields: object) => `${JSON.stringify({ payload: 'eA==', ...fields })}\n`;
    const body = text(line({ hint: 7, id: 'ab'.repeat(32) }) + line({}));
    const [wrong, right] = linesOf((await batch('ndjson', body)).body);
    assert.ok(wrong !== undefined && 'line' in wrong && wrong.error.code === 'ID_MISMATCH');
    assert.ok(right !== undefined && 'hint' in right && right.hint === `${running.node.now}`);
  });

  it('needs a media type that it knows, and the token', async () => {
    const call = (headers: Record<string, string>, token = true) =>
      running.call('/v1/items/batch', { method: 'POST', body: 'x', headers, token });
    const { status, json } = await call({ 'content-type': 'application/json' });
    assert.deepEqual([status, json.code], [415, 'UNSUPPORTED_MEDIA_TYPE']);
    assert.equal((await call(typeOf('binary'), false)).status, 401);
  });
});

/** A batch whose body the test writes by hand; its answer comes line by line. */
function openBatch(url: string) {
  const call = request(`${url}/v1/items/batch`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${TOKEN}`, ...typeOf('binary') },
  });
  const answer = new Promise<AsyncIterator<Buffer>>((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (response) => resolve(response[Symbol.asyncIterator]()));
  });
  return {
    call,
    async next() {
      const { value } = await within((await answer).next(), 'a line of the answer');
      return value === undefined ? null : `${value}`;
    },
  };
}

describe('a batch that is sent slowly', () => {
  const item = (content: string) =>
    concatBytes(
      ...SPEAKERS.binary.item({ hint: 1n, payload: text(content), id: new Uint8Array() }),
    );

  it('is answered while it is sent', async (context) => {
    const { url } = await startAdminFor(context);
    const batch = openBatch(url);
    for (const content of ['one', 'two']) {
      batch.call.write(item(content));
      assert.match((await batch.next()) ?? '', /"created":true/);
    }
    batch.call.end();
    assert.match((await batch.next()) ?? '', /"created":2.*"error":null/);
  });

  it('ends with what was stored, once no more comes', async (context) => {
    const clock = new VirtualClock();
    const { url } = await startAdminFor(context, { clock });
    const batch = openBatch(url);
    batch.call.write(item('one'));
    assert.match((await batch.next()) ?? '', /"created":true/);
    const end = batch.next();
    await clock.advance(60_000);
    assert.match((await end) ?? '', /"created":1.*"REQUEST_TIMEOUT"/);
    await clock.advance(2_000);
    assert.equal(await batch.next(), null);
  });

  it('ends when the daemon does', async (context) => {
    const { url, admin } = await startAdminFor(context);
    const batch = openBatch(url);
    batch.call.write(item('one'));
    await batch.next();
    const end = batch.next();
    const closed = admin.close();
    assert.match((await end) ?? '', /"created":1.*"SHUTTING_DOWN"/);
    batch.call.end();
    await closed;
  });

  it('is not read on while its answers are not taken', async (context) => {
    const { url, node } = await startAdminFor(context);
    const batch = openBatch(url);
    const chunk = concatBytes(...Array.from({ length: 2_000 }, () => item('the same')));
    let sent = 0;
    const body = Readable.from(
      (function* () {
        // Far more than the buffers of both sockets hold.
        for (; sent < 5_000; sent++) yield chunk;
      })(),
    );
    body.pipe(batch.call);
    const response = await within(
      new Promise<Readable>((resolve) => batch.call.on('response', resolve)),
      'the head of the answer',
    );
    response.pause();
    let before = -1;
    while (before !== sent) {
      before = sent;
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(sent < 5_000, `${sent} chunks were taken without a reader`);
    assert.equal(node.items.size, 1);
    batch.call.on('error', () => undefined);
    body.destroy();
    batch.call.destroy();
  });
});

describe('a batch that is cut', () => {
  const CUT = Buffer.alloc(12, 0xff);
  const head = (framing: string) =>
    `POST /v1/items/batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n` +
    `Content-Type: ${SPEAKERS.binary.mediaType}\r\n${framing}\r\n\r\n`;
  /** What a connection has said once the words are in it. */
  const heard = (socket: Socket, words: RegExp) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let said = '';
    socket.on('data', (bytes) => {
      said += bytes;
      if (words.test(said)) resolve(said);
    });
    return within(promise, `${words}`);
  };

  it('leaves its connection to the next request, once the rest of the body was dropped', async (context) => {
    const { url } = await startAdminFor(context);
    const socket = await dial(context, url);
    const rest = Buffer.alloc(8 * 1024 * 1024);
    const answer = heard(socket, /"STREAM_CUT".*HTTP\/1.1 200/s);
    socket.write(head(`Content-Length: ${CUT.length + rest.length}`));
    socket.write(CUT);
    socket.write(rest);
    socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await answer;
  });

  it('ends its connection, behind the answer, where the sender goes on', async (context) => {
    const clock = new VirtualClock();
    const { url, admin } = await startAdmin({ clock });
    cleanUp(context, () => admin.close());
    const socket = await dial(context, url, head('Transfer-Encoding: chunked'));
    const answer = heard(socket, /"STREAM_CUT"/);
    const ended = heard(socket, /\r\n0\r\n\r\n$/);
    const chunk = (bytes: Uint8Array) => {
      socket.write(`${bytes.length.toString(16)}\r\n`);
      socket.write(bytes);
      socket.write('\r\n');
    };
    chunk(CUT);
    await answer;
    chunk(new Uint8Array(100_000));
    let isClosed = false;
    const close = closed(socket).finally(() => {
      isClosed = true;
    });
    await until(
      () => clock.advance(1_000),
      () => isClosed,
    );
    await Promise.all([close, ended]);
  });

  it('by its client is no error of the daemon', async (context) => {
    const { url, errors, node } = await startAdminFor(context, { bounds: { maxRequests: 1 } });
    const batch = openBatch(url);
    batch.call.write(bytesOf('binary', ['one']));
    assert.match((await batch.next()) ?? '', /"created":true/);
    batch.call.on('error', () => undefined).destroy();
    await until(
      () => send(url, '/v1/status'),
      ({ status }) => status === 200,
    );
    assert.deepEqual([errors, node.items.size], [[], 1]);
  });
});

describe('ids that are held', () => {
  const running = new SharedAdmin();
  const ask = (body: string | Uint8Array, type: string) =>
    running.call('/v1/items/have', {
      method: 'POST',
      body,
      headers: { 'content-type': type },
      token: false,
    });

  it('are told by a bitmap, or in JSON', async () => {
    for (const content of ['one', 'nine']) await running.put(content, '?hint=1');
    const contents = ['one', ...Array.from({ length: 7 }, (_, at) => `x${at}`), 'nine'];
    const ids = contents.map((content) => itemId(1n, text(content)));
    const bits = await ask(concatBytes(...ids), 'application/octet-stream');
    assert.deepEqual([bits.status, [...bits.body]], [200, [1, 1]]);
    const { json } = await ask(JSON.stringify({ ids: ids.map(bytesToHex) }), 'application/json');
    assert.deepEqual(
      json.have,
      contents.map((content) => content.endsWith('ne')),
    );
  });

  it('are refused in other forms, and beyond 65,536 of them', async () => {
    const refused = async (body: string | Uint8Array, type = 'application/octet-stream') =>
      (await ask(body, type)).json?.code;
    assert.equal(await refused(new Uint8Array(33)), 'INVALID_BODY');
    assert.equal(await refused('{"ids":["x"]}', 'application/json'), 'INVALID_BODY');
    assert.equal(await refused('x', 'text/plain'), 'UNSUPPORTED_MEDIA_TYPE');
    assert.equal(await refused(new Uint8Array(65_536 * 32)), undefined);
    assert.equal(await refused(new Uint8Array(65_537 * 32)), 'BODY_TOO_LARGE');
  });
});

describe('a batch with a long item', () => {
  for (const format of ['ndjson', 'binary'] as const) {
    it(`in ${format} is taken by an idle endpoint, however long items may be`, async (t) => {
      for (const maxItemBytes of [16 << 20, 40 << 20]) {
        const { url } = await startAdminFor(t, { limits: { maxItemBytes } });
        const answer = await fetch(`${url}/v1/items/batch`, {
          method: 'POST',
          body: bytesOf(format, [new Uint8Array(2 << 20)]) as Uint8Array<ArrayBuffer>,
          headers: { ...typeOf(format), authorization: `Bearer ${TOKEN}` },
        });
        const { trailer } = linesOf(new Uint8Array(await answer.arrayBuffer())).at(-1) as {
          trailer: object;
        };
        assert.deepEqual(trailer, { items: 1, created: 1, held: 0, failed: 0, error: null });
      }
    });
  }
});

describe('items by id, and exports', () => {
  const running = new SharedAdmin();
  const contents = Array.from({ length: 10 }, (_, at) => `content ${at}`);
  const fill = async () => {
    for (const [at, content] of contents.entries()) await running.put(content, `?hint=${at}`);
  };
  const read = (format: BulkFormat, bytes: Uint8Array) => {
    const reader = new ExportReader(SPEAKERS[format].decoder({ maxItemBytes: 1_024 }));
    const items = reader.push(bytes);
    const { summary } = reader.end();
    return {
      header: reader.header,
      summary,
      contents: items.map(({ payload }) => `${Buffer.from(payload)}`),
    };
  };

  for (const format of ['ndjson', 'binary'] as const) {
    it(`come in ${format}, with the fingerprint of the range`, async () => {
      await fill();
      const { body } = await running.call(`/v1/export?from=2&to=7&format=${format}`);
      const { header, summary, contents: got } = read(format, body);
      assert.deepEqual(got, contents.slice(2, 7));
      assert.deepEqual([header?.from, header?.to, header?.items], ['2', '7', 5]);
      const { fingerprint } = running.node.bulk.stream({ from: 2n, to: 7n });
      assert.equal(summary.fingerprint, fingerprint);
    });

    it(`come by ids in ${format}; missing ids are told`, async () => {
      await fill();
      const wanted = ['content 3', 'other', 'content 1'];
      const ids = wanted.map((content) =>
        itemId(BigInt(content.at(-1)!.replace(/\D/, '0')), text(content)),
      );
      const { status, body } = await running.call('/v1/items/get', {
        method: 'POST',
        body: concatBytes(...ids),
        headers: { 'content-type': 'application/octet-stream', accept: SPEAKERS[format].mediaType },
      });
      assert.equal(status, 200);
      const records: BulkRecord[] = SPEAKERS[format].decoder({ maxItemBytes: 99 }).push(body);
      const seen = records.map((record) => {
        if (record.kind === 'item') return `${Buffer.from(record.payload)}`;
        return record.kind === 'notice' && 'missing' in record.notice
          ? record.notice.missing
          : 'end';
      });
      assert.deepEqual(seen, ['content 3', bytesToHex(ids[1]!), 'content 1', 'end']);
    });
  }

  it('come whole to a client that stops reading for a while', async (context) => {
    const { url, node } = await startAdminFor(context);
    // Far more than the buffers of both sockets hold, each item with bytes of its own.
    const items = Array.from({ length: 400 }, (_, at) => {
      const [hint, payload] = [BigInt(at), new Uint8Array(60_000).fill(at)];
      return { hint, payload, id: itemId(hint, payload) };
    });
    for (const item of items) node.items.set(bytesToHex(item.id), item);
    let given = 0;
    const { stream } = node.bulk;
    (node.bulk as { stream: unknown }).stream = (range: Parameters<typeof stream>[0]) => {
      const { read, ...rest } = stream(range);
      async function* counted(hold: HoldMemory) {
        for await (const page of read(hold)) {
          given += page.length;
          yield page;
        }
      }
      return { ...rest, read: counted };
    };
    const response = await within(
      new Promise<Readable>((resolve) => {
        request(`${url}/v1/export?format=binary`, (answer) => resolve(answer)).end();
      }),
      'the head of the answer',
    );
    let before = -1;
    while (before !== given) {
      before = given;
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(given < items.length, 'all items were given without a reader');
    const reader = new ExportReader(SPEAKERS.binary.decoder({ maxItemBytes: 60_000 }));
    for await (const chunk of response) reader.push(chunk);
    assert.equal(reader.end().summary.items, items.length);
  });

  it('end with the error where the set cannot be read to its end', async () => {
    await fill();
    const { stream } = running.node.bulk;
    const failing = stream({ from: 0n, to: 99n });
    (running.node.bulk as { stream: unknown }).stream = () => ({
      ...failing,
      async *read(hold: HoldMemory) {
        for await (const page of failing.read(hold)) {
          yield page;
          throw new StoreError('SNAPSHOT_EXPIRED', 'too slow');
        }
      },
    });
    const { status, body } = await running.call('/v1/export');
    (running.node.bulk as { stream: unknown }).stream = stream;
    assert.equal(status, 200);
    assert.throws(() => read('ndjson', body), { code: 'EXPORT_FAILED' });
  });

  it('are refused where they cannot begin, and give their snapshot back in any case', async () => {
    await fill();
    const before = running.node.released;
    await running.call('/v1/export');
    await running.call('/v1/export', { method: 'HEAD' });
    assert.equal(running.node.released, before + 1);
    running.node.fault = new StoreError('STORE_REBUILDING', 'wait');
    const { status, json } = await running.call('/v1/export');
    assert.deepEqual([status, json.code], [503, 'STORE_REBUILDING']);
    assert.equal((await running.call('/v1/export?from=2&to=1')).status, 400);
  });
});
