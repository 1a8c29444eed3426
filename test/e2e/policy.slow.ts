import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LocalDaemons, type Settings } from './support/in-process.ts';
import { until } from './support/mesh.ts';

/** Refuses items that begin with `n`, and those with `p` of one peer; dies of `d`, and never answers `s`. Its pid lies in the data directory. */
const JUDGE = `
require('fs').writeFileSync('judge.pid', String(process.pid));
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { n, first, peer } = JSON.parse(line);
  const word = Buffer.from(first, 'base64').toString();
  if (word === 'd') process.exit(9);
  if (word === 's') return;
  const take = word !== 'n' && (word !== 'p' || peer !== process.argv[2]);
  console.log(JSON.stringify({ n, take, reason: word === 'n' ? 'no n' : '' }));
});`;

async function judged(daemons: LocalDaemons, settings: Settings = {}, refusedPeer = 'none') {
  return daemons.start('judged', {
    'policy.command': [process.execPath, join(daemons.path('judge.cjs')), refusedPeer],
    'policy.firstBytes': '1',
    'policy.timeoutMs': '15000',
    ...settings,
  });
}

async function setUp(t: TestContext): Promise<LocalDaemons> {
  const daemons = await LocalDaemons.create(t);
  await writeFile(daemons.path('judge.cjs'), JUDGE);
  return daemons;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function put(
  { client }: Awaited<ReturnType<typeof judged>>,
  text: string,
): Promise<[status: number, code?: string, message?: string]> {
  const { status, text: answer } = await client.send('POST', '/v1/items', bytes(text));
  const { code, message } = JSON.parse(answer);
  return code === undefined ? [status] : [status, code, message];
}

describe('a write policy', () => {
  it('decides on puts, pushed and fetched items of this node alone', async (t) => {
    const daemons = await setUp(t);
    const open = await daemons.start('open');
    const { id } = await open.client.put(bytes('no fetch'));
    await open.client.put(bytes('yes fetch'));
    const strict = await judged(daemons, { 'network.peers': [open.address] });
    assert.deepEqual(await put(strict, 'no'), [
      422,
      'POLICY_REFUSED',
      'the policy of this node refuses the item: no n',
    ]);
    assert.deepEqual(await put(strict, 'yes'), [201]);
    const status = (count: number) =>
      until(
        () => strict.client.status(),
        ({ set }) => set.items === count,
      );
    await status(2);
    await open.client.put(bytes('no push'));
    await open.client.put(bytes('yes push'));
    await status(3);
    assert.equal((await strict.client.send('GET', `/v1/items/${id}`)).status, 410);
    await until(
      () => open.client.status(),
      ({ set }) => set.items === 5,
    );
    const { text: metrics } = await strict.client.send('GET', '/metrics');
    assert.match(metrics, /rangemesh_policy_up 1\n/);
    assert.match(metrics, /rangemesh_refusals_total\{at="push",code="POLICY_REFUSED"\} 1\n/);
    assert.match(metrics, /rangemesh_refusals_total\{at="fetch",code="POLICY_REFUSED"\} [12]\n/);
  });

  it('is not asked again about items of peers that it refused, also after a restart', async (t) => {
    const daemons = await setUp(t);
    const open = await daemons.start('open');
    const { id } = await open.client.put(bytes('no'));
    const settings = { 'network.peers': [open.address] };
    const first = await judged(daemons, settings);
    const refused = async ({ client }: typeof first) =>
      JSON.parse((await client.send('GET', '/v1/refused')).text).items;
    const [item] = await until(
      () => refused(first),
      (items) => items.length > 0,
    );
    assert.deepEqual([item.id, item.by, item.reason], [id, 'policy', 'no n']);
    await daemons.stop(first);
    const again = await judged(daemons, settings);
    await until(
      () => again.client.status(),
      ({ peers }) => peers[0]?.lastSession?.error === null,
    );
    await open.client.put(bytes('yes'));
    await until(
      () => again.client.status(),
      ({ set }) => set.items === 1,
    );
    assert.equal((await refused(again)).length, 1);
    const { text: metrics } = await again.client.send('GET', '/metrics');
    assert.match(metrics, /rangemesh_policy_items_total\{result="refused"\} 0\n/);
  });

  it('takes of other peers, and of clients, what it refused of one', async (t) => {
    const daemons = await setUp(t);
    const open = await daemons.start('open');
    const give = ({ client }: typeof open, word: string) =>
      client.send('POST', '/v1/items?hint=7', bytes(word));
    for (const word of ['p1', 'p2']) await give(open, word);
    const peer = open.address.split('/').at(-1)!;
    const strict = await judged(daemons, { 'network.peers': [open.address] }, peer);
    const counts = async () =>
      JSON.parse((await strict.client.send('GET', '/v1/refused')).text).counts;
    await until(counts, ({ policy }) => policy === 2);
    assert.equal((await give(strict, 'p1')).status, 201);
    const other = await daemons.start('other');
    await give(other, 'p2');
    await other.client.addPeer(strict.address);
    await until(
      () => strict.client.status(),
      ({ set }) => set.items === 2,
    );
    assert.equal((await counts()).policy, 0);
  });

  it('that died lets sessions bring what was pushed meanwhile, as soon as it is up', async (t) => {
    const daemons = await setUp(t);
    // Behind the first session no other comes by the clock, nor after a silence.
    const rare = {
      ...{ 'sync.intervalMs': '600000', 'sync.intervalMinMs': '600000' },
      ...{ 'sync.silenceMs': '600000', 'sync.proveMs': '600000' },
    };
    const never = { 'sync.settleMs': '600000', 'sync.settleMaxMs': '600000' };
    const strict = await judged(daemons, rare);
    const open = await daemons.start('open', {
      'network.peers': [strict.address],
      ...rare,
      ...never,
    });
    await open.client.put(bytes('yes'));
    const holds = (count: number) =>
      until(
        () => strict.client.status(),
        ({ set }) => set.items === count,
      );
    await holds(1);
    assert.equal((await put(strict, 'die'))[1], 'POLICY_FAILED');
    await open.client.put(bytes('yes meanwhile'));
    await holds(2);
  });

  it('that dies or is late gives puts a clear error, comes up again, and ends with the daemon', async (t) => {
    const daemons = await setUp(t);
    const strict = await judged(daemons);
    assert.deepEqual(await put(strict, 'yes'), [201]);
    const [status, code, message] = await put(strict, 'die');
    assert.deepEqual([status, code], [503, 'POLICY_FAILED']);
    assert.match(message!, /failed: it ended with exit code 9; look at the log/);
    await until(
      () => put(strict, 'yes again'),
      ([status]) => status < 300,
    );
    const pid = Number(await readFile(join(daemons.path('judged'), 'judge.pid'), 'utf8'));
    process.kill(pid, 0);
    await daemons.stop(strict);
    await until(
      async () => runs(pid),
      (running) => !running,
    );
    const hasty = await judged(daemons, { 'policy.timeoutMs': '300' });
    const [, , late] = await put(hasty, 'sleep');
    assert.match(late!, /did not answer 1 questions in 300 ms|it ended/);
    assert.equal((await hasty.client.status()).set.items, 2);
  });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
