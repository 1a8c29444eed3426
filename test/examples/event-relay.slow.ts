import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AdminClient, events } from '../../src/daemon/client/index.ts';
import { cleanUp } from '../support/clean-up.ts';
import { within } from '../support/within.ts';
import { startExample } from './support.ts';

const CONFIG = fileURLToPath(new URL('../../examples/event-relay/relay.yaml', import.meta.url));

/** The configuration of the example, with free ports. */
async function configuration(context: TestContext, name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `rangemesh-relay-${name}-`));
  cleanUp(context, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = join(folder, 'relay.yaml');
  const text = await readFile(CONFIG, 'utf8');
  await writeFile(file, text.replace('tcp/9521', 'tcp/0').replace('port: 9522', 'port: 0'));
  return file;
}

async function relay(context: TestContext, file: string, ...args: string[]) {
  const running = startExample(context, 'event-relay', [
    ...['--config', file, '--port', '0'],
    ...args,
  ]);
  const [address] = /\/ip4\S+/.exec(await running.line(/^node/))!;
  const [url] = /http\S+/.exec(await running.line(/^relay/))!;
  return { running, address, url };
}

/** The next events of a stream: their texts, and the id of the last one. */
async function heard(url: string, count: number, lastId?: string) {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const read = async () => {
    const { body } = await fetch(url, { headers });
    const texts: string[] = [];
    for await (const { id, data } of events(body!)) {
      texts.push(JSON.parse(data).text);
      if (texts.length === count) return { texts, id };
    }
    throw new Error('the stream ended');
  };
  return within(read(), `${count} events come`, 60_000);
}

const post = (url: string, body: string) => fetch(url, { method: 'POST', body });

describe('the example event-relay', () => {
  it('streams events of both relays, also behind a place and after a kill', async (context) => {
    const file = await configuration(context, 'a');
    let a = await relay(context, file);
    const b = await relay(context, await configuration(context, 'b'), '--peer', a.address);
    assert.equal((await post(a.url, 'first')).status, 201);
    const known = await heard(b.url, 1);
    assert.deepEqual(known.texts, ['first']);
    await post(b.url, 'second');
    assert.deepEqual((await heard(a.url, 2)).texts, ['first', 'second']);
    assert.deepEqual((await heard(b.url, 1, known.id)).texts, ['second']);
    await a.running.kill('SIGKILL');
    a = await relay(context, file);
    assert.deepEqual((await heard(a.url, 2)).texts, ['first', 'second']);
    assert.equal((await a.running.kill('SIGTERM')).code, 0);
  });

  it('keeps no event of more than an hour ago, and refuses wrong requests', async (context) => {
    const file = await configuration(context, 'a');
    const { url } = await relay(context, file);
    const dataDir = join(file, '../data/relay');
    const admin = JSON.parse(await readFile(join(dataDir, 'admin.json'), 'utf8'));
    const token = await readFile(join(dataDir, 'admin.token'), 'utf8');
    const daemon = new AdminClient({ url: admin.url, token });
    const put = (ageMs: number) => daemon.putItem(Uint8Array.of(1), { hint: Date.now() - ageMs });
    await assert.rejects(put(3_700_000), { code: 'HINT_TOO_OLD' });
    assert.equal((await put(3_500_000)).created, true);
    const wrong = [
      await fetch(url.replace('events', 'other')),
      await fetch(url, { method: 'PUT' }),
      await post(url, 'x'.repeat(64 * 1024 + 1)),
      await fetch(url, { headers: { 'last-event-id': 'yesterday' } }),
    ];
    assert.deepEqual(
      wrong.map(({ status }) => status),
      [404, 405, 413, 400],
    );
    assert.equal((await post(url, 'x'.repeat(64 * 1024))).status, 201);
  });
});
