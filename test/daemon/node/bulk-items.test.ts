import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { BulkError, ExportReader, SPEAKERS } from '../../../src/daemon/bulk/index.ts';
import { NodeItems } from '../../../src/daemon/node/testing.ts';
import { systemClock, systemDisk } from '../../../src/daemon/system/index.ts';
import type { HoldMemory } from '../../../src/daemon/testing.ts';
import {
  bytesToHex,
  INFINITE_HINT,
  itemId,
  openDatabase,
  Replica,
} from '../../../src/store/index.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { FakeNode } from '../admin/fake-node.ts';
import { send, startAdminFor } from '../admin/running-admin.ts';

const EVERYTHING = { from: 0n, to: INFINITE_HINT };
const SECRET = 'the token';

/** A real set on disk, and an endpoint that reads and fills it. */
async function openSet(context: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'rangemesh-bulk-'));
  cleanUp(context, () => rm(directory, { recursive: true, force: true }));
  const replica = await Replica.open({
    open: () => openDatabase(directory),
    clock: systemClock,
    disk: systemDisk(directory),
  });
  cleanUp(context, () => replica.close());
  const bulk = new NodeItems({
    replica,
    ownItems: { putEach: (items) => replica.put(items) },
    clock: systemClock,
    isSecret: (payload) => new TextDecoder().decode(payload) === SECRET,
  });
  const node = Object.assign(new FakeNode(), { bulk });
  const { url } = await startAdminFor(context, { node, limits: { maxItemBytes: 100_000 } });
  return { replica, bulk, url };
}

const textOf = (i: number) => ({
  hint: BigInt(i % 7),
  payload: new TextEncoder().encode(`item ${i}`),
});
const noHold = async () => () => undefined;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

async function batch(url: string, body: Uint8Array) {
  const headers = { 'content-type': SPEAKERS.binary.mediaType };
  const answer = await send(url, '/v1/items/batch', { method: 'POST', body, headers });
  return new TextDecoder().decode(answer.body).trimEnd().split('\n');
}

describe('many items of a real set', () => {
  it('are stored by a batch in a few commits, in the order they came', async (context) => {
    const { replica, url } = await openSet(context);
    const items = numbers(10_000).map(textOf);
    const pieces = items.flatMap((item) => [
      ...SPEAKERS.binary.item({ ...item, id: itemId(item.hint, item.payload) }),
    ]);
    const before = replica.status().commit;
    const lines = await batch(url, Buffer.concat(pieces));
    const commits = replica.status().commit - before;
    assert.equal(replica.size, 10_000);
    assert.ok(commits <= 30, `${commits} commits`);
    const ids = lines.slice(0, -1).map((line) => JSON.parse(line).id);
    assert.deepEqual(
      ids,
      items.map(({ hint, payload }) => bytesToHex(itemId(hint, payload))),
    );
  });

  it('are stored beside a secret that is not', async (context) => {
    const { replica, bulk } = await openSet(context);
    const payloads = ['one', SECRET, 'three'].map((text) => new TextEncoder().encode(text));
    const results = await bulk.putMany(payloads.map((payload) => ({ payload, hint: 1n })));
    const seen = results.map((result) => (result instanceof Error ? result.code : result.created));
    assert.deepEqual(seen, [true, 'OWN_SECRET', true]);
    assert.deepEqual(await bulk.have(payloads.map((payload) => itemId(1n, payload))), [
      true,
      false,
      true,
    ]);
    assert.equal(replica.size, 2);
  });

  it('are exported as they were when the export began, while others are stored', async (context) => {
    const { replica, bulk, url } = await openSet(context);
    await replica.put(numbers(1_000).map(textOf));
    const stream = bulk.stream(EVERYTHING);
    const { fingerprint } = replica.status();
    await replica.put(numbers(2_000).map(textOf));
    let items = 0;
    for await (const page of stream.read(noHold)) items += page.length;
    stream.release();
    assert.deepEqual(
      [items, stream.items, stream.fingerprint],
      [1_000, 1_000, bytesToHex(fingerprint!)],
    );

    for (const format of ['ndjson', 'binary'] as const) {
      const { body } = await send(url, `/v1/export?format=${format}&from=2&to=5`);
      const reader = new ExportReader(SPEAKERS[format].decoder({ maxItemBytes: 100 }));
      const read = reader.push(body);
      assert.equal(reader.end().summary.items, read.length);
      assert.ok(read.every(({ hint }) => hint >= 2n && hint < 5n));
    }
  });

  it('end an export with an error where one of them is damaged', async (context) => {
    const { replica, bulk, url } = await openSet(context);
    await replica.put(numbers(200).map(textOf));
    const { serveKeys } = replica;
    replica.serveKeys = async (keys, limits) => {
      const served = await serveKeys.call(replica, keys, limits);
      return served.map((item, at) => (at === 5 ? undefined : item));
    };
    const { body } = await send(url, '/v1/export?format=binary');
    const reader = new ExportReader(SPEAKERS.binary.decoder({ maxItemBytes: 100 }));
    assert.throws(
      () => reader.push(body),
      (error) => error instanceof BulkError && /STORE_CORRUPT/.test(error.message),
    );
    assert.equal(bulk.stream(EVERYTHING).items, 200);
  });

  it('take memory for a long item alone, before it is read and until the next is', async (context) => {
    const { replica, bulk } = await openSet(context);
    const MIB = 1024 * 1024;
    const lengths = [10, MIB, MIB + 1, 20, 30, 2 * MIB, 40];
    const items = lengths.map((length, at) => ({
      hint: BigInt(at),
      payload: new Uint8Array(length),
    }));
    await replica.put(items);
    const ids = items.map(({ hint, payload }) => itemId(hint, payload));
    const stream = bulk.stream(EVERYTHING);
    for (const pages of [
      (hold: HoldMemory) => stream.read(hold),
      (hold: HoldMemory) => bulk.getMany(ids, hold),
    ]) {
      const seen: (number | string)[] = [];
      const hold = async (bytes: number) => {
        seen.push(`hold ${bytes - MIB}`);
        return () => void seen.push('release');
      };
      for await (const page of pages(hold)) seen.push(...page.map((item) => item!.payload.length));
      assert.deepEqual(seen, [
        ...[10, MIB, 'hold 1', MIB + 1, 'release', 20, 30],
        ...[`hold ${MIB}`, 2 * MIB, 'release', 40],
      ]);
    }
    stream.release();
  });

  it('are exported by their keys without a look at ids, but where long items are', async (context) => {
    const { replica, bulk } = await openSet(context);
    const MIB = 1024 * 1024;
    const lengths = [10, MIB + 1, MIB + 1, ...numbers(200).map(() => 20)];
    await replica.put(
      lengths.map((length, at) => ({ hint: BigInt(at), payload: new Uint8Array(length) })),
    );
    const calls: string[] = [];
    const { serve, serveKeys } = replica;
    replica.serve = (ids, limits) => {
      calls.push(`${ids.length} ids`);
      return serve.call(replica, ids, limits);
    };
    replica.serveKeys = (keys, limits) => {
      calls.push(`${keys.length} keys`);
      return serveKeys.call(replica, keys, limits);
    };
    const stream = bulk.stream(EVERYTHING);
    const seen: number[] = [];
    for await (const page of stream.read(noHold))
      seen.push(...page.map((item) => Number(item.hint)));
    stream.release();
    assert.equal(seen.join(), numbers(203).join());
    // The long item, which ended the page, is read by itself; so is the next, among 62 ids.
    const looked = ['1 ids', '62 ids', '1 ids'];
    assert.deepEqual(calls, ['64 keys', ...looked, '64 keys', '64 keys', '11 keys']);
  });

  it('go over long items in pieces, and come back the same', async (context) => {
    const { replica, url } = await openSet(context);
    const payload = new Uint8Array(99_999).map((_, at) => at % 253);
    await replica.put([{ hint: 3n, payload }]);
    for (const format of ['ndjson', 'binary'] as const) {
      const { body } = await send(url, `/v1/export?format=${format}`);
      const reader = new ExportReader(SPEAKERS[format].decoder({ maxItemBytes: 100_000 }));
      const [item] = reader.push(body);
      reader.end();
      assert.ok(Buffer.compare(item!.payload, payload) === 0);
    }
  });
});
