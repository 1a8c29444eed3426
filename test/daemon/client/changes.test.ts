import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AdminClient,
  type ChangesInit,
  type FeedEntry,
  type FeedReset,
  type FetchedAnswer,
  type Transport,
} from '../../../src/daemon/client/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { startAdminFor } from '../admin/running-admin.ts';

const EPOCH = '0123456789abcdef';
const NEXT = 'fedcba9876543210';

const entry = (seq: number) =>
  JSON.stringify({
    seq,
    id: 'ab'.repeat(32),
    hint: '1',
    bytes: 1,
    from: 'local',
    publisher: null,
    at: null,
  });
const head = (epoch = EPOCH) => JSON.stringify({ epoch, since: 0, newest: 9 });
const tail = (last: number, epoch = EPOCH) => JSON.stringify({ last, epoch });

const lines = (...texts: string[]): FetchedAnswer => new Response(`${texts.join('\n')}\n`);
const refusal = (status: number, code: string): FetchedAnswer =>
  new Response(JSON.stringify({ code, message: 'no' }), { status });

/** A daemon that gives these answers one after another, and the queries that it gets. */
function scripted(answers: readonly (FetchedAnswer | Error)[]) {
  const queries: string[] = [];
  const left = [...answers];
  const fetch: Transport = async (url) => {
    queries.push(new URL(url).search);
    const answer = left.shift() ?? new Error('the script is over');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { client: new AdminClient({ url: 'http://127.0.0.1:1', fetch }), queries };
}

async function read(
  client: AdminClient,
  init: Partial<ChangesInit>,
  count = Number.POSITIVE_INFINITY,
): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  const show = (line: FeedEntry | FeedReset) =>
    'reset' in line ? `reset ${line.reset.epoch}` : line.seq;
  for await (const line of client.changes({ after: atOnce, ...init })) {
    seen.push(show(line));
    if (seen.length === count) break;
  }
  return seen;
}

const atOnce: ChangesInit['after'] = (_ms, callback) => {
  callback();
  return () => undefined;
};

describe('AdminClient.changes', () => {
  it('gives the entries that there are, with their epoch, and ends without follow', async (context) => {
    const { node, url } = await startAdminFor(context);
    for (let i = 0; i < 3; i++) await node.put(new Uint8Array([i]), 1n);
    const client = new AdminClient({ url });
    const seen: unknown[] = [];
    const init = { after: atOnce, since: 1, payloads: true, follow: false };
    for await (const line of client.changes(init)) {
      assert.ok('seq' in line);
      seen.push([line.epoch, line.seq, line.payload]);
    }
    assert.deepEqual(seen, [
      [EPOCH, 2, 'AQ=='],
      [EPOCH, 3, 'Ag=='],
    ]);
  });

  it('waits for entries, and goes on behind the last one', async () => {
    const { client, queries } = scripted([
      lines(head(), entry(1), entry(2), tail(2)),
      lines(head(), tail(2)),
      lines(head(), entry(3), tail(3)),
    ]);
    assert.deepEqual(await read(client, {}, 3), [1, 2, 3]);
    const poll = `?since=2&epoch=${EPOCH}&wait=30s`;
    assert.deepEqual(queries, ['?since=0&wait=30s', poll, poll]);
  });

  it('makes a broken connection again, with pauses that grow to ten seconds and begin anew', async () => {
    const { client, queries } = scripted([
      lines(head(), entry(1)),
      ...Array.from({ length: 8 }, () => new Error('refused')),
      refusal(503, 'BUSY'),
      lines(head(), entry(2), JSON.stringify({ error: { code: 'STORE_CLOSED', message: 'x' } })),
      lines(head(), entry(3), tail(3)),
    ]);
    const pauses: number[] = [];
    const retrying = (_error: unknown, ms: number) => void pauses.push(ms);
    assert.deepEqual(await read(client, { retrying, follow: false }), [1, 2, 3]);
    assert.deepEqual(pauses, [
      ...[100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000],
      100,
    ]);
    assert.equal(queries.at(-1), `?since=2&epoch=${EPOCH}&wait=0s`);
  });

  it('reports a new epoch, and begins anew in it', async () => {
    for (const reset of [
      [refusal(410, 'FEED_RESET')],
      [lines(head(), JSON.stringify({ error: { code: 'FEED_RESET', message: 'x' } }))],
    ]) {
      const { client, queries } = scripted([
        ...reset,
        new Error('refused'),
        lines(head(NEXT), entry(1), tail(1, NEXT)),
      ]);
      const seen = read(client, { since: 5, epoch: EPOCH, follow: false });
      assert.deepEqual(await seen, [`reset ${NEXT}`, 1]);
      assert.deepEqual(queries.slice(1), ['?since=0&wait=0s', '?since=0&wait=0s']);
    }
  });

  it('rejects for a first call that fails, and for what is refused again and again', async () => {
    const retrying = () => assert.fail('it is tried again');
    await assert.rejects(read(scripted([new Error('refused')]).client, { retrying }), /refused/);
    const { client } = scripted([lines(head(), tail(0)), refusal(401, 'UNAUTHORIZED')]);
    await assert.rejects(read(client, { retrying }), { code: 'UNAUTHORIZED' });
  });

  it('rejects with a code and the next step where no daemon runs', async () => {
    const client = new AdminClient({ url: 'http://127.0.0.1:1' });
    await assert.rejects(read(client, {}), { code: 'ADMIN_UNREACHABLE', status: 0 });
    await assert.rejects(client.getStatus(), { code: 'ADMIN_UNREACHABLE' });
    const cause = new Error('connect ECONNREFUSED');
    for (const [error, reason] of [
      [new TypeError('fetch failed', { cause }), 'connect ECONNREFUSED'],
      [new TypeError('Failed to fetch'), 'Failed to fetch'],
    ] as const) {
      const { client: none } = scripted([error]);
      const message = `no daemon answers at http://127.0.0.1:1/v1/changes: ${reason}; start it, or check the URL`;
      await assert.rejects(read(none, {}), { message });
    }
    const gone = AbortSignal.abort(new Error('gone'));
    await assert.rejects(client.getStatus({ signal: gone }), /gone/);
  });

  it('rejects with a code where the daemon ends within an answer', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          pull: (stream) => stream.error(new TypeError('terminated')),
        }),
      );
    const cut = { code: 'ANSWER_CUT', message: /call again$/ };
    await assert.rejects(read(scripted([broken()]).client, {}), cut);
    await assert.rejects(scripted([broken()]).client.getStatus(), cut);
    await assert.rejects(scripted([broken()]).client.getItem('ab'.repeat(32)), cut);
  });

  it('ends by its signal, also in a pause', async () => {
    const clock = new VirtualClock();
    const gone = new AbortController();
    const { client } = scripted([lines(head(), entry(1))]);
    const after: ChangesInit['after'] = (ms, callback) => clock.after(ms, callback);
    const retrying = () => void setImmediate(() => gone.abort());
    assert.deepEqual(await read(client, { after, retrying, signal: gone.signal }), [1]);
    assert.equal(clock.pending, 0);
  });
});
