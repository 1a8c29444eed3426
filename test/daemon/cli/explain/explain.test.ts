import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { SyncedAnswer } from '../../../../src/daemon/testing.ts';
import { ProtocolError } from '../../../../src/protocol/index.ts';
import { FakeExplain } from '../../admin/fake-node.ts';
import { openStation, run, type Station } from '../terminal.ts';

const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
const ID = 'ab'.repeat(32);

describe('the verbs that explain a node', () => {
  let station: Station;
  let fake: FakeExplain;
  const call = (...argv: string[]) => run([...argv, ...station.target]);

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(() => {
    fake = new FakeExplain(station.node);
    Object.assign(station.node, { explain: fake });
    station.node.dialled.length = 0;
    station.node.judgement = { state: 'alone', reason: 'no peer is connected', lagSeconds: null };
  });

  it('say yes or no, and exit with 0 or 3', async () => {
    const no = await call('synced');
    assert.deepEqual([no.exitCode, no.stderr], [3, '']);
    assert.match(no.stdout, /^no, alone: no peer is connected\n0 items wanted/);
    station.node.judgement = { state: 'in-sync', reason: 'r', lagSeconds: 1 };
    const yes = await call('synced', '--max-lag', '30s', '--json');
    assert.equal(yes.exitCode, 0);
    assert.deepEqual([yes.json()[0].synced, yes.json()[0].maxLagSeconds], [true, 30]);
    assert.deepEqual(fake.calls, [
      { maxLagSeconds: 10, provedSince: null, waitMs: 0, renews: true },
      { maxLagSeconds: 30, provedSince: null, waitMs: 0, renews: true },
    ]);
  });

  it('wait in calls of 30 seconds, until it is yes or the time is over', async () => {
    const waits: number[] = [];
    const since: (string | null)[] = [];
    const first = fake.synced;
    fake.synced = async (asked) => {
      waits.push(asked.waitMs);
      since.push(asked.provedSince);
      if (waits.length === 2) {
        station.node.judgement = { state: 'in-sync', reason: 'r', lagSeconds: 1 };
      }
      return first(asked);
    };
    assert.equal((await call('synced', '--wait')).exitCode, 0);
    assert.deepEqual(waits, [30_000, 30_000]);
    assert.deepEqual(since, ['now', '2026-01-01T00:00:00.000Z'], 'from the first call on');
    station.node.judgement = { state: 'behind', reason: 'r', lagSeconds: null };
    let now = 0;
    const clock = { now: () => now, monotonic: () => now, after: () => () => undefined };
    fake.synced = async (asked) => {
      now += asked.waitMs;
      waits.push(asked.waitMs);
      return first(asked);
    };
    waits.length = 0;
    const argv = ['synced', '--wait', '--timeout', '40s', ...station.target];
    assert.equal((await run(argv, { clock })).exitCode, 3);
    assert.deepEqual(waits, [30_000, 10_000]);
    waits.length = 0;
    now = 0;
    const shown = await run(['synced', '--wait', '--timeout', '2s', ...station.target], {
      clock,
      tty: true,
    });
    assert.deepEqual([shown.exitCode, waits], [3, [1_000, 1_000]], 'a terminal shows the time');
    assert.match(shown.stderr, /waiting · 0 s/);
  });

  it('show the part of each peer', async () => {
    const proof = { at: 't', interval: { lower: '0', upper: 'infinity' }, whole: true };
    const peer = {
      peerId: PEER,
      inSync: false,
      coversAsOf: proof,
      coversSinceAsked: 's',
      equalAsOf: null,
      lagSeconds: 4,
      gives: true,
      takes: true,
      lacks: 2,
      lacksSince: 's',
      unlisted: 1,
      error: { code: 'TIMEOUT', message: 'too slow' },
    };
    const quiet = {
      ...peer,
      coversAsOf: null,
      coversSinceAsked: null,
      lagSeconds: null,
      gives: true,
      takes: true,
      lacks: 0,
      unlisted: 0,
      error: null,
    };
    const interval = { lower: '5', upper: 'infinity' };
    const part = { ...quiet, inSync: true, coversAsOf: { at: 't', interval, whole: false } };
    const facts = {
      state: 'behind',
      reason: 'r',
      lagSeconds: 4,
      wanted: 3,
      orphans: 1,
      refused: 2,
    };
    fake.synced = async () => {
      const answer = {
        ...facts,
        synced: false,
        maxLagSeconds: 10,
        provedSince: null,
        peers: [peer, quiet, part],
      };
      return answer as SyncedAnswer;
    };
    const [head, counts, ...peers] = (await call('synced')).stdout.trimEnd().split('\n');
    assert.equal(head, 'no, behind: r');
    assert.equal(counts, '3 items wanted, 1 of them at no connected peer, 2 refused');
    assert.deepEqual(peers, [
      `${PEER}  not known to be equal, all it held is here as of t, lag 4 s, lacks 2 items since s, ` +
        '1 item missing in the index here, last session failed: too slow [TIMEOUT]',
      `${PEER}  not known to be equal, nothing proved yet`,
      `${PEER}  equal, all it held is here as of t, from hint 5 to infinity alone`,
    ]);
  });

  it('name the keys that differ, and exit with 0, 3 or 4', async () => {
    const different = await call('diff', PEER, '--from', '5', '--limit', '2');
    assert.equal(different.exitCode, 3);
    assert.equal(different.stdout, `< ${ID}  hint 7\n> ${ID}\n1 key only here, 1 only there\n`);
    assert.deepEqual(fake.calls, [{ peerId: PEER, from: 5n, to: 2n ** 64n - 1n, limit: 2 }]);
    const narrow = await run(['diff', PEER, ...station.target], { outTty: true });
    assert.match(narrow.stdout, /^< (ab){32} {2}hint 7\n/, 'it fits');
    const { diff } = fake;
    fake.diff = async (asked) => {
      const key = { id: ID, hint: '1700000000000' };
      return { ...(await diff(asked)), onlyHere: [key] };
    };
    const long = await run(['diff', PEER, ...station.target], { outTty: true });
    assert.match(long.stdout, /^< (ab){8} {2}hint 1700000000000\n/, 'verbs take so much of an id');
    fake.diff = async (asked) => {
      const key = { id: ID, hint: '7' };
      return { ...(await diff(asked)), onlyHere: [], truncated: true, unlisted: [key] };
    };
    const hidden = await call('diff', PEER);
    assert.match(hidden.stdout, /^> .*\n! .*hint 7\n.*; not all of them .*; ! marks .*verify"\n$/);
    fake.diff = async (asked) => {
      return { ...(await diff(asked)), equal: true, onlyHere: [], onlyThere: [] };
    };
    const equal = await call('diff', PEER);
    assert.deepEqual([equal.exitCode, equal.stdout], [0, 'equal\n']);
    fake.diff = async () => {
      throw new ProtocolError('DIALECT_CANNOT_TELL', 'speaks no such dialect');
    };
    const mute = await call('diff', PEER);
    assert.deepEqual([mute.exitCode, mute.stdout], [4, '']);
    assert.match(mute.stderr, /speaks no such dialect \[DIALECT_CANNOT_TELL\]/);
  });

  it('list sessions', async () => {
    assert.equal((await call('sessions')).stdout, 'no sessions since the start\n');
    const session = {
      role: 'initiator' as const,
      dialect: 'native',
      efficiency: null,
      durationMs: 2,
      rounds: 1,
      bytesSent: 1,
      bytesReceived: 1,
      missing: 3,
      missingThere: 4,
      error: null,
      startedAt: 't',
    };
    const ended = { ...session, number: 7, peerId: 'p', purpose: 'settle' as const, equal: false };
    const error = { code: 'TIMEOUT', message: 'too slow' };
    fake.sessions = () => ({
      running: [
        { peerId: 'q', session: null },
        { peerId: 'r', session },
      ],
      ended: [
        ended,
        { ...ended, number: 6, purpose: 'compare', equal: true },
        { ...ended, number: 5, missingThere: null, error },
        { ...ended, number: 4, missingThere: null, purpose: 'survey' },
      ],
    });
    assert.deepEqual((await call('sessions')).stdout.trimEnd().split('\n'), [
      'q  waits for its turn',
      'r  runs since t',
      '7  t  p  initiator, native, 2 ms: 3 items missing here, 4 missing there',
      '6  t  p  initiator, native, 2 ms, compared alone: equal',
      '5  t  p  initiator, native, 2 ms: too slow [TIMEOUT]',
      '4  t  p  initiator, native, 2 ms, survey: different',
    ]);
  });

  it('say that no item is wanted, and print no JSON for it', async () => {
    assert.equal((await call('wants')).stdout, 'no item is wanted\n');
    assert.equal((await call('wants', '--json')).stdout, '');
  });

  it('list wanted items page by page, up to a limit', async () => {
    const item = { since: 't', confirmed: false, sources: [], fetchingFrom: null, bytes: null };
    const asked: object[] = [];
    fake.wants = async (init) => {
      asked.push(init);
      const first = init.after === null;
      const more = { sources: ['p'], fetchingFrom: 'p', bytes: 5 };
      const items = [first ? { ...item, id: ID } : { ...item, ...more, id: 'cd'.repeat(32) }];
      return { wanted: 2, orphans: 1, items, cursor: first ? ID : null };
    };
    const { exitCode, stdout } = await call('wants');
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      `${ID}  since t  at no connected peer`,
      `${'cd'.repeat(32)}  since t  5 B  from p, being fetched from p`,
    ]);
    assert.deepEqual(asked, [
      { limit: 1_000, after: null },
      { limit: 1_000, after: ID },
    ]);
    const some = await call('wants', '--limit', '1', '--json');
    assert.deepEqual(
      some.json().map(({ id }) => id),
      [ID],
    );
  });

  it('show one peer with its gaps', async () => {
    station.node.dialled.push('/ip4/127.0.0.1/tcp/1');
    const { peer } = fake;
    fake.peer = (id) => ({
      ...peer(id),
      wanted: 3,
      running: true,
      gives: true,
      takes: true,
      lacks: 1,
      lacksSince: 's',
      unlisted: 2,
    });
    const { stdout } = await call('peers', 'show', PEER);
    assert.deepEqual(stdout.trimEnd().split('\n').slice(1), [
      '  lists 3 items wanted here',
      '  a session runs',
      '  lacks 1 item of this node since s',
      '  2 items of it missing in the index here',
      '  speaks native/1; network test',
    ]);
  });

  it('print events until the daemon ends', async () => {
    const { events } = station.node;
    const over = new AbortController();
    Object.assign(station.node, {
      events: {
        place: events.place.bind(events),
        read: ({ types }: { types: ReadonlySet<string> }) => {
          assert.deepEqual([...types], ['peer', 'config']);
          const after = events.place({ number: 0, missed: 0 });
          events.peer('p', 'connected');
          events.config(['a.b']);
          setImmediate(() => over.abort());
          return events.read({ types: new Set(), after, signal: over.signal });
        },
      },
    });
    const { exitCode, stdout } = await call('events', '--type', 'peer', 'config');
    Object.assign(station.node, { events });
    const lines = stdout.trimEnd().split('\n');
    assert.equal(exitCode, 0);
    assert.match(lines[0]!, /^\d{4}-.*Z {2}peer {2}peerId=p {2}change=connected$/);
    assert.match(lines[1]!, /^\d{4}-.*Z {2}config {2}changed=\["a\.b"\]$/);
  });

  it('exit with 64 for wrong arguments', async () => {
    for (const argv of [
      ['synced', '--max-lag', '0s'],
      ['synced', '--timeout', '25h'],
      ['diff'],
      ['diff', 'foo'],
      ['diff', PEER, '--from', '-1'],
      ['diff', PEER, '--limit', '10001'],
      ['diff', PEER, '--from', '5', '--to', '5'],
      ['wants', '--limit', '0'],
      ['peers', 'show', 'foo'],
      ['events', '--type', 'nope'],
    ]) {
      assert.equal((await call(...argv)).exitCode, 64, argv.join(' '));
    }
  });
});
