import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type LocalDaemon, LocalDaemons } from './support/in-process.ts';
import { until } from './support/mesh.ts';

/** The samples of `GET /metrics`: `name{labels}` and value. */
async function samplesOf({ daemon }: LocalDaemon): Promise<Map<string, number>> {
  const answer = await fetch(`${daemon.admin}/metrics`);
  assert.equal(answer.status, 200);
  const lines = (await answer.text()).split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

async function pair(context: TestContext): Promise<[LocalDaemon, LocalDaemon]> {
  const daemons = await LocalDaemons.create(context);
  // Nothing but ids comes in sessions, so that there is a fetch to be counted.
  const settings = { 'push.enabled': 'false', 'sync.settleMs': '50', 'sync.itemBytes': '0B' };
  const a = await daemons.start('a', settings);
  await a.client.put(new TextEncoder().encode('before'));
  const b = await daemons.start('b', { ...settings, 'network.peers': [a.address] });
  await until(
    () => b.client.status(),
    ({ set, peers }) => set.items === 1 && peers.some(({ inSync }) => inSync),
  );
  return [a, b];
}

describe('GET /metrics of two daemons', () => {
  it('counts a put at one, its session and its fetch at the other', async (context) => {
    const [a, b] = await pair(context);
    const [atA, atB] = [await samplesOf(a), await samplesOf(b)];
    assert.equal(atA.get('rangemesh_items'), 1);
    assert.equal(atA.get('rangemesh_payload_bytes'), 6);
    assert.equal(atA.get('rangemesh_items_added_total{way="put"}'), 1);
    assert.equal(atA.get('rangemesh_items_added_total{way="fetch"}'), 0);
    assert.equal(atA.get('rangemesh_fetch_payload_bytes_total{direction="sent"}'), 6);
    assert.equal(atB.get('rangemesh_items_added_total{way="fetch"}'), 1);
    assert.equal(atB.get('rangemesh_duplicate_items_total{way="fetch"}'), 0);
    assert.equal(atB.get('rangemesh_fetch_payload_bytes_total{direction="received"}'), 6);
    assert.equal(atB.get('rangemesh_fetch_requests_total{outcome="complete"}'), 1);
    assert.equal(atB.get('rangemesh_fetch_answers_total{answer="item"}'), 1);
    assert.equal(atB.get('rangemesh_propagation_seconds_count{way="fetch"}'), 1);
    assert.equal(atB.get('rangemesh_session_differences_total{missing="here"}'), 1);
    assert.equal(atB.get('rangemesh_commit_seconds_count'), 1);
    assert.equal(atB.get('rangemesh_sync_state{state="in-sync"}'), 1);
    assert.equal(atB.get('rangemesh_sync_state{state="behind"}'), 0);
    assert.equal(atB.get('rangemesh_wanted_items'), 0);
    assert.equal(atB.get(`rangemesh_peer_in_sync{peer="${a.daemon.peerId}"}`), 1);
    assert.ok(atB.get(`rangemesh_peer_lag_seconds{peer="${a.daemon.peerId}"}`)! < 3_600);
    assert.ok(atB.get('rangemesh_disk_free_bytes')! > 0);
  });

  it('tells the bytes on the wire by protocol, each daemon its own', async (context) => {
    const [a, b] = await pair(context);
    const [atA, atB] = [await samplesOf(a), await samplesOf(b)];
    for (const samples of [atA, atB]) {
      for (const protocol of ['connection', 'native', 'fetch', 'other']) {
        for (const direction of ['sent', 'received']) {
          const name = `rangemesh_wire_bytes_total{protocol="${protocol}",direction="${direction}"}`;
          assert.ok(samples.get(name)! > 0, name);
        }
      }
      assert.ok([...samples.keys()].some((name) => name.startsWith('libp2p_')));
    }
    const sent = 'rangemesh_wire_bytes_total{protocol="fetch",direction="sent"}';
    assert.notEqual(atA.get(sent), atB.get(sent));
    assert.equal((await samplesOf(a)).get(sent), atA.get(sent), 'totals are not added up');
  });
});
