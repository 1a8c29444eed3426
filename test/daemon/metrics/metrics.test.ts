import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Counter, register } from 'prom-client';
import type { SessionReport } from '../../../src/protocol/index.ts';
import { fetchReport, sessionReport } from '../../support/reports.ts';
import { findingOf, itemOf } from '../replicator/support.ts';
import { create, createFed, figuresOf, resultOf, samplesIn, transfer } from './support.ts';

const FAILED = { code: 'TIMEOUT', message: 'too slow' };

describe('the metrics of sessions', () => {
  it('tell how each ended, by role', async () => {
    const { metrics } = create();
    const ended: Partial<SessionReport>[] = [
      { equal: true },
      { equal: true },
      { equal: false, missing: 3, finding: findingOf({ mine: 2, theirs: 3 }) },
      { equal: false, mode: 'survey' },
      { equal: false, continueFrom: { hint: 1n, id: null } },
      { equal: true, role: 'responder', error: FAILED },
    ];
    for (const change of ended) metrics.replicator.sessionEnded(sessionReport(change));
    const samples = samplesIn(await metrics.text());
    const sessions = [...samples].filter(([name]) => name.startsWith('rangemesh_sessions_total'));
    assert.deepEqual(Object.fromEntries(sessions), {
      'rangemesh_sessions_total{role="initiator",result="equal"}': 2,
      'rangemesh_sessions_total{role="initiator",result="different"}': 1,
      'rangemesh_sessions_total{role="initiator",result="survey"}': 1,
      'rangemesh_sessions_total{role="initiator",result="partial"}': 1,
      'rangemesh_sessions_total{role="responder",result="failed"}': 1,
    });
    assert.equal(samples.get('rangemesh_session_errors_total{code="TIMEOUT"}'), 1);
    assert.equal(samples.get('rangemesh_session_differences_total{missing="here"}'), 3);
    assert.equal(samples.get('rangemesh_session_differences_total{missing="there"}'), 2);
    assert.equal(
      samples.get('rangemesh_session_bytes_total{dialect="native",direction="sent"}'),
      6,
    );
    assert.equal(samples.get('rangemesh_session_seconds_sum{role="responder"}'), 0.001);
    assert.equal(samples.get('rangemesh_session_round_trips_count'), 6);
  });

  it('bound the codes of errors', async () => {
    const { metrics } = create();
    for (let i = 0; i < 200; i++) {
      metrics.replicator.sessionEnded(sessionReport({ error: { ...FAILED, code: `C${i}` } }));
    }
    const samples = samplesIn(await metrics.text());
    const codes = [...samples.keys()].filter((name) => name.startsWith('rangemesh_session_errors'));
    assert.equal(codes.length, 129);
    assert.equal(samples.get('rangemesh_session_errors_total{code="other"}'), 72);
  });
});

describe('the metrics of items that arrive', () => {
  it('tell new items from duplicates, and the bytes of these', async () => {
    const { metrics, clock } = create();
    const { replicator } = metrics;
    const old = BigInt(clock.now() - 3_600_001);
    const results = [resultOf(true, old), resultOf(false, old)];
    replicator.fetched.stored([itemOf(1, 10), itemOf(2, 20)], results);
    replicator.pushed.stored([itemOf(3, 40)], [resultOf(true, old)]);
    replicator.put(results);
    const samples = samplesIn(await metrics.text());
    const of = (name: string, way: string) => samples.get(`rangemesh_${name}_total{way="${way}"}`);
    assert.deepEqual(
      ['fetch', 'push', 'put'].map((way) => of('items_added', way)),
      [1, 1, 1],
    );
    assert.deepEqual(
      ['fetch', 'push', 'put'].map((way) => of('duplicate_items', way)),
      [1, 0, 1],
    );
    assert.deepEqual(
      [of('duplicate_bytes', 'fetch'), of('duplicate_bytes', 'push')],
      [20, undefined],
    );
  });

  it('measure the way of new items whose hint is a time within the last hour', async () => {
    const { metrics, clock } = create();
    const now = clock.now();
    const hints = [now - 2_000, now - 3_600_000, now - 3_600_001, now + 1, 5, 2 ** 63];
    const results = hints.map((hint) => resultOf(true, BigInt(hint)));
    const items = hints.map((_, i) => itemOf(i));
    metrics.replicator.fetched.stored(items, results);
    metrics.replicator.fetched.stored([itemOf(9)], [resultOf(false, BigInt(now))]);
    const samples = samplesIn(await metrics.text());
    assert.equal(samples.get('rangemesh_propagation_seconds_count{way="fetch"}'), 2);
    assert.equal(samples.get('rangemesh_propagation_seconds_sum{way="fetch"}'), 3_602);
  });
});

describe('the metrics of requests, commits and refusals', () => {
  it('count each where it happens', async () => {
    const { metrics } = create();
    const { replicator, admin, store, mesh } = metrics;
    const id = new Uint8Array(32);
    replicator.requestEnded(fetchReport({ items: 2, absent: [id], tooLarge: [id] }), 250);
    replicator.requestEnded(fetchReport({ outcome: 'stalled', large: [{ id, length: 9 }] }), 750);
    store.written({ durationMs: 2, bytes: 300 });
    replicator.pushed.refused('DISK_FULL');
    replicator.fetched.refused('DISK_FULL');
    admin.refused('UNAUTHORIZED');
    mesh.noticed('ACCESS_DENIED');
    const samples = samplesIn(await metrics.text());
    const expected = {
      'fetch_requests_total{outcome="complete"}': 1,
      'fetch_requests_total{outcome="stalled"}': 1,
      fetch_request_seconds_sum: 1,
      'fetch_answers_total{answer="item"}': 2,
      'fetch_answers_total{answer="absent"}': 1,
      'fetch_answers_total{answer="large"}': 1,
      'fetch_answers_total{answer="too_large"}': 1,
      commit_seconds_sum: 0.002,
      commit_bytes_total: 300,
      'refusals_total{at="push",code="DISK_FULL"}': 1,
      'refusals_total{at="fetch",code="DISK_FULL"}': 1,
      'refusals_total{at="http",code="UNAUTHORIZED"}': 1,
      'mesh_notices_total{code="ACCESS_DENIED"}': 1,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(samples.get(`rangemesh_${name}`), value, name);
    }
  });

  it('count each request once, however often they are read', async () => {
    const { metrics } = create();
    const name = 'rangemesh_http_requests_total{method="GET",route="/v1/status",status="200"}';
    const answer = { method: 'GET', route: '/v1/status', status: 200, ms: 1 };
    for (const [requests, total] of [
      [2, 2],
      [0, 2],
      [1, 3],
    ] as const) {
      for (let i = 0; i < requests; i++) metrics.admin.answered(answer);
      assert.equal(samplesIn(await metrics.text()).get(name), total);
    }
  });

  it('make no series of paths and methods that a client invents', async () => {
    const { metrics } = create();
    for (const method of ['GET', 'PROPFIND', 'BREW']) {
      metrics.admin.answered({ method, route: undefined, status: 404, ms: 1 });
    }
    const samples = samplesIn(await metrics.text());
    const name = (method: string) =>
      `rangemesh_http_requests_total{method="${method}",route="none",status="404"}`;
    assert.deepEqual([samples.get(name('GET')), samples.get(name('other'))], [1, 2]);
    assert.equal(samples.get('rangemesh_http_request_seconds_count{route="none"}'), 3);
  });
});

describe('the figures of a node', () => {
  it('are each in the text, twice the same', async () => {
    const { metrics } = createFed();
    const first = samplesIn(await metrics.text());
    const second = samplesIn(await metrics.text());
    const own = (samples: Map<string, number>) =>
      [...samples].filter(([name]) => name.startsWith('rangemesh_'));
    assert.deepEqual(own(second), own(first), 'totals are not added up');
    const values = new Set(first.values());
    for (let figure = 11; figure <= 48; figure++) assert.ok(values.has(figure), `${figure}`);
    assert.equal(first.get('rangemesh_sync_state{state="behind"}'), 1);
    assert.equal(first.get('rangemesh_sync_state{state="in-sync"}'), 0);
    assert.equal(first.get('rangemesh_budget_used_ratio{budget="serving"}'), 0.3);
    assert.equal(first.get('rangemesh_oldest_want_age_seconds'), 28);
    assert.equal(first.get('rangemesh_peer_lag_seconds{peer="p"}'), 31);
    assert.equal(first.get('rangemesh_peer_equal_age_seconds{peer="p"}'), 32);
    assert.equal(
      first.get('rangemesh_build_info{version="1.2.3",node="'.concat(process.version, '"}')),
      1,
    );
  });

  it('are 0 before the first event where an alert waits for an increase', async () => {
    const { metrics, clock } = create();
    const { store } = figuresOf(clock.now());
    metrics.readFrom(() =>
      figuresOf(clock.now(), { store: { ...store, incidentCounts: new Map() } }),
    );
    const samples = samplesIn(await metrics.text());
    for (const name of [
      'incidents_total{code="COMMITS_LOST"}',
      'incidents_total{code="ITEM_DAMAGED"}',
      'session_differences_total{missing="here"}',
      'session_differences_total{missing="there"}',
      'items_added_total{way="fetch"}',
    ]) {
      assert.equal(samples.get(`rangemesh_${name}`), 0, name);
    }
  });

  it('that are not known are left out, and come back', async () => {
    const { metrics, clock } = create();
    let figures = figuresOf(clock.now());
    metrics.readFrom(() => figures);
    const shown = async () => {
      const samples = samplesIn(await metrics.text());
      return ['lag_seconds', 'disk_free_bytes', 'peer_lag_seconds{peer="p"}', 'peers'].map((name) =>
        samples.get(`rangemesh_${name}`),
      );
    };
    assert.deepEqual(await shown(), [24, 22, 31, 1]);
    const { sync, store } = figures;
    figures = figuresOf(clock.now(), {
      sync: { ...sync, lagSeconds: null, oldestWantSince: null },
      store: { ...store, freeBytes: Number.POSITIVE_INFINITY },
      peers: [],
      push: null,
    });
    assert.deepEqual(await shown(), [undefined, undefined, undefined, 0]);
    figures = figuresOf(clock.now());
    assert.deepEqual(await shown(), [24, 22, 31, 1]);
  });

  it('have series for 64 peers, and the number of the others', async () => {
    const { metrics, clock } = create();
    const peers = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        peer: `p${i}`,
        inSync: false,
        coversAsOf: null,
        equalAsOf: null,
        gives: i > 0,
        clockOffsetMs: 1_500 - i,
        takes: i > 1,
      }));
    let count = 64;
    metrics.readFrom(() => figuresOf(clock.now(), { peers: peers(count) }));
    const shown = async () => {
      const samples = samplesIn(await metrics.text());
      const series = [...samples.keys()].filter((name) =>
        name.startsWith('rangemesh_peer_in_sync'),
      );
      return [
        series.length,
        samples.get('rangemesh_peers'),
        samples.get('rangemesh_peers_omitted'),
      ];
    };
    assert.deepEqual(await shown(), [64, 64, 0]);
    const ways = samplesIn(await metrics.text());
    assert.deepEqual(
      ['gives', 'takes'].map((way) => ways.get(`rangemesh_peers_one_way{way="${way}_nothing"}`)),
      [1, 2],
    );
    count = 65;
    assert.deepEqual(await shown(), [64, 65, 1]);
  });
});

describe('the registry of a daemon', () => {
  it('is its own: two daemons of a process do not add up', async () => {
    const [one, other] = [create().metrics, create().metrics];
    one.store.written({ durationMs: 1, bytes: 5 });
    assert.equal(samplesIn(await one.text()).get('rangemesh_commit_bytes_total'), 5);
    assert.equal(samplesIn(await other.text()).get('rangemesh_commit_bytes_total'), 0);
  });

  it('leaves the global registry of the program around it alone', async (t) => {
    const theirs = new Counter({ name: 'theirs_total', help: 'of the program' });
    t.after(() => register.removeSingleMetric('theirs_total'));
    theirs.inc(7);
    const { metrics } = create();
    const log = { forComponent: () => () => undefined };
    metrics.libp2p({ logger: log } as never);
    assert.equal((await register.getSingleMetric('theirs_total')!.get()).values[0]!.value, 7);
    const text = await metrics.text();
    assert.match(text, /^# TYPE libp2p_data_transfer_bytes_total counter$/m);
    assert.doesNotMatch(text, /nodejs_fs_usage_bytes/, 'it reads a disk that may hang');
    assert.doesNotMatch(text, /theirs_total/);
  });

  it('sums the bytes of streams up by the kind of their protocol', async () => {
    const { metrics, clock } = create();
    transfer(metrics, [
      '/rangemesh/my-net/native/2',
      '/rangemesh/my-net/commonware/1',
      '/rangemesh/my-net/fetch/2',
      '/meshsub/1.2.0',
      '/meshsub/1.1.0',
      '/ipfs/id/1.0.0',
      '/ipfs/ping/1.0.0',
    ]);
    metrics.readFrom(() => figuresOf(clock.now()));
    const samples = [...samplesIn(await metrics.text())];
    const prefix = 'rangemesh_wire_bytes_total';
    assert.deepEqual(
      Object.fromEntries(samples.filter(([name]) => name.startsWith(prefix))),
      Object.fromEntries(
        Object.entries({ native: 1, commonware: 1, fetch: 1, gossip: 2, other: 2 }).flatMap(
          ([protocol, streams]) => [
            [`${prefix}{protocol="${protocol}",direction="sent"}`, streams],
            [`${prefix}{protocol="${protocol}",direction="received"}`, 2 * streams],
          ],
        ),
      ),
    );
  });

  it('is written in slices, between which clients have their turn', async () => {
    let now = 0;
    let turns = 0;
    const turn = async (): Promise<void> => {
      turns++;
    };
    const pace = { sliceMs: 3, busyMs: () => now++, turn };
    const { metrics } = create({ pace });
    const text = await metrics.text();
    const whole = await create().metrics.text();
    assert.equal(text.replaceAll(/ \d.*/g, ''), whole.replaceAll(/ \d.*/g, ''));
    const written = [...text.matchAll(/^# TYPE /gm)].length;
    assert.ok(turns >= written / 4, `${turns} turns for ${written} metrics`);
  });

  it('adds the metrics of the process where there are some', async () => {
    const { metrics } = create({ processMetrics: async () => 'process_x 1\n' });
    assert.match(await metrics.text(), /\nprocess_x 1\n$/);
  });
});
