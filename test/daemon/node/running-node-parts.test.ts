import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budgets, DEFAULT_BUDGET_OPTIONS } from '../../../src/daemon/budgets/index.ts';
import { RunningNode } from '../../../src/daemon/node/testing.ts';
import { Penalties } from '../../../src/daemon/penalties/index.ts';
import {
  type Arrival,
  bytesToHex,
  INFINITE_BOUND,
  StoreError,
  ZERO_BOUND,
} from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { NO_PENALTIES } from '../../support/no-penalties.ts';
import { Log } from '../mesh/log.ts';

const START = 1_700_000_000_000;
const ISO = new Date(START).toISOString();

/** A node over parts that say what the test puts into them. */
function create({ penalties = NO_PENALTIES } = {}) {
  const clock = new VirtualClock();
  const parts = {
    addresses: [] as Record<string, unknown>[],
    /** Connected peers and their addresses. */
    connections: new Map<string, string>(),
    records: [] as Record<string, unknown>[],
    discovered: [] as { peer: string; addresses: string[] }[],
    inSync: new Set<string>(),
    troubles: new Map<string, object>(),
    /** Connected peers that speak protocols of this network. */
    ours: new Set<string>(),
    late: new Set<string>(),
    equalAsOf: null as object | null,
    coversAsOf: null as object | null,
    firstRoundEnded: true,
    indexed: true,
    rebuilding: null as object | null,
    failure: null as unknown,
    why: { state: 'unknown', attempts: [] } as Record<string, unknown>,
    gap: { lasting: 0, since: null as number | null, unlisted: 0 },
    refusal: undefined as object | undefined,
    arrival: undefined as Arrival | undefined | Error,
    lacking: [] as { peer: string; since: number; at: number }[],
    reports: [] as object[],
    synced: [] as (string | undefined)[],
    puts: [] as bigint[],
  };
  const node = new RunningNode({
    replica: {
      get indexed() {
        return parts.indexed;
      },
      status: () => ({ incidents: [], fingerprint: null, rebuilding: parts.rebuilding }),
      idsWith: async (_prefix: string, limit: number) => [new Uint8Array(32)].slice(0, limit),
      arrivalOf: async () => {
        if (parts.arrival instanceof Error) throw parts.arrival;
        return parts.arrival;
      },
      head: async (id: Uint8Array) => (id[0] === 1 ? { hint: 7n, bytes: 5 } : undefined),
      refusals: { get: () => parts.refusal },
      verify: async () => {
        if (parts.failure !== null) throw parts.failure;
        return { ok: true };
      },
    } as never,
    mesh: {
      peerId: 'self',
      forget: async (peer: string) => (peer === 'known' ? ['an address'] : null),
      addresses: [],
      connections: {
        peers: parts.connections,
        connected: (peer: string) => parts.connections.has(peer),
        ours: parts.ours,
      },
      troubles: { of: (peer: string) => parts.troubles.get(peer) ?? null },
      spoken: { of: () => null },
      dialer: {
        get addresses() {
          return parts.addresses;
        },
        dial: async (address: string) => ({ ...wanted(address), peerId: 'dialled' }),
        remove: (address: string) => (address === 'known' ? ['known/p2p/x'] : []),
      },
      discovery: {
        status: {},
        peers: parts.discovered,
        knows: (peer: string) => parts.discovered.some((known) => known.peer === peer),
      },
    } as never,
    replicator: {
      peers: {
        all: () => parts.records,
        get: (peer: string) => parts.records.find((record) => record.peer === peer),
        get firstRoundEnded() {
          return parts.firstRoundEnded;
        },
        inSync: (peer: string) => parts.inSync.has(peer),
        terms: () => ({ gives: true, takes: true }),
        get connectedOnes() {
          return parts.records.filter(({ connected }) => connected);
        },
      },
      wanted: { size: 0, orphans: 0 },
      whys: {
        of: () => parts.why,
        missingWith: (_prefix: string, limit: number) =>
          [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)].slice(0, limit),
      },
      gaps: { of: () => parts.gap, lacking: () => parts.lacking },
      forget: (peer: string) => parts.records.some((record) => record.peer === peer),
      fetcher: { refused: { size: 0 }, paused: null },
      statements: {
        of: () => ({ coversAsOf: parts.coversAsOf, equalAsOf: parts.equalAsOf }),
      },
      proofs: { late: (peer: string) => parts.late.has(peer) },
      sessions: {
        catchUp: null,
        sync: async (peer?: string) => {
          parts.synced.push(peer);
          return parts.reports;
        },
      },
      ownItems: {
        totals: null,
        put: async ([item]: [{ hint: bigint }]) => {
          const { hint } = item;
          parts.puts.push(hint);
          return [{ hint, created: true }];
        },
      },
    } as never,
    clocks: { of: () => null },
    fetch: { totals: {} } as never,
    reconcile: { itemTotals: { receivedBytes: 0, sentBytes: 0 } },
    events: {} as never,
    clock,
    budgets: new Budgets({ clock, options: DEFAULT_BUDGET_OPTIONS }),
    networkName: 'test',
    isSecret: () => false,
    roles: { of: (peer) => (peer === 'bad' ? 'read' : 'replicate') },
    penalties,
  });
  return { clock, node, parts };
}

const EVERYTHING = { lower: ZERO_BOUND, upper: INFINITE_BOUND };

function wanted(address: string, init: object = {}) {
  const facts = { source: 'config', peerId: null, connected: false, lastError: null };
  return { address, ...facts, ...init };
}

describe('the readiness of a running node', () => {
  it('begins after its first round, and returns whenever its index is usable', () => {
    const { node, parts } = create();
    parts.firstRoundEnded = false;
    assert.equal(node.ready(), false);
    parts.firstRoundEnded = true;
    assert.equal(node.ready(), true);
    parts.firstRoundEnded = false;
    assert.equal(node.ready(), true, 'a first round ends once');
    parts.indexed = false;
    assert.equal(node.ready(), false);
    parts.indexed = true;
    assert.equal(node.ready(), true);
    node.closing();
    assert.equal(node.ready(), false);
  });

  it('begins when each address has failed, or its peer had a session', () => {
    const { node, parts } = create();
    const error = { code: 'DIAL_FAILED', message: 'm', at: 0 };
    const waitsFor = (state: object, sessions: number | null, why: string) => {
      parts.addresses = [wanted('x', { lastError: error }), wanted('y', state)];
      parts.records = sessions === null ? [] : [{ peer: 'p', sessions }];
      assert.equal(node.ready(), false, why);
    };
    waitsFor({}, 1, 'not tried');
    waitsFor({ connected: true, peerId: null }, 1, 'a peer without a name');
    waitsFor({ connected: false, peerId: 'p' }, 1, 'not connected');
    waitsFor({ connected: true, peerId: 'p' }, 0, 'no session yet');
    waitsFor({ connected: true, peerId: 'q' }, 1, 'a session with another');
    waitsFor({ connected: true, peerId: 'p' }, null, 'not met');
    parts.addresses = [
      wanted('x', { lastError: error }),
      wanted('y', { connected: true, peerId: 'p' }),
    ];
    parts.records = [{ peer: 'p', sessions: 1 }];
    assert.equal(node.ready(), true);
  });

  it('begins after fifteen seconds at the latest', async () => {
    const { clock, node, parts } = create();
    parts.addresses = [wanted('x')];
    parts.firstRoundEnded = false;
    await clock.advance(15_000);
    assert.equal(node.ready(), false);
    await clock.advance(1);
    assert.equal(node.ready(), true);
    parts.rebuilding = {};
    assert.equal(node.status().uptimeSeconds, 15);
  });
});

describe('the peers of a running node', () => {
  it('are listed in order: connected before, wanted addresses, announced ones', () => {
    const { node, parts } = create();
    parts.records = [{ peer: 'met', sessions: 0, lastSession: null }];
    parts.connections.set('here', 'at here').set('wanted', 'at another place');
    parts.addresses = [
      wanted('a', { peerId: 'wanted', source: 'runtime' }),
      wanted('b', { peerId: 'absent', lastError: { code: 'X', message: 'm', at: START } }),
      wanted('c'),
    ];
    parts.discovered.push(
      { peer: 'here', addresses: ['z'] },
      { peer: 'heard of', addresses: ['x', 'y'] },
      { peer: 'nowhere', addresses: [] },
    );
    parts.inSync.add('here').add('met');
    const seen = node
      .peers()
      .map(({ peerId, address, origin, connected, inSync }) => [
        peerId,
        address,
        origin,
        connected,
        inSync,
      ]);
    assert.deepEqual(seen, [
      ['met', null, 'inbound', false, false],
      ['here', 'at here', 'discovered', true, true],
      ['wanted', 'at another place', 'runtime', true, false],
      ['absent', 'b', 'config', false, false],
      [null, 'c', 'config', false, false],
      ['heard of', 'x', 'discovered', false, false],
      ['nowhere', null, 'discovered', false, false],
    ]);
    assert.equal(node.status().peers.length, 5, 'those only heard of are not in the status');
    const [, , , absent] = node.peers();
    assert.deepEqual(absent!.lastError, { code: 'X', message: 'm', at: ISO });
    assert.equal(node.peers()[4]!.equalAsOf, null);
  });

  it('include what is proved of them', () => {
    const { node, parts } = create();
    parts.connections.set('p', 'at p');
    const interval = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
    parts.equalAsOf = { at: 1_700_000_000_000, interval };
    parts.addresses = [wanted('unmet')];
    const [peer, unmet] = node.peers();
    assert.deepEqual([unmet!.address, unmet!.equalAsOf], ['unmet', null]);
    assert.deepEqual([peer!.coversAsOf, peer!.equalAsOf!.at], [null, ISO]);
  });

  it('are dialled and forgotten by address', async () => {
    const { node, parts } = create();
    const unknown = await node.dial('x');
    assert.deepEqual([unknown.peerId, unknown.address, unknown.connected], ['dialled', 'x', false]);
    parts.connections.set('other', 'o').set('dialled', 'at x');
    const known = await node.dial('x');
    assert.deepEqual([known.peerId, known.address, known.connected], ['dialled', 'at x', true]);
    assert.deepEqual(node.forget('known'), ['known/p2p/x']);
    assert.throws(() => node.forget('other'), { code: 'UNKNOWN_ADDRESS' });
  });

  it('have the trouble that is known of them, which is the reason of a node without others', () => {
    const { node, parts } = create();
    const trouble = { code: 'NO_COMMON_DIALECT', message: 'no dialect', at: START };
    parts.connections.set('mute', 'x');
    parts.troubles.set('mute', trouble);
    parts.addresses = [
      wanted('own', { lastError: { code: 'OWN_ADDRESS', message: 'own', at: START } }),
    ];
    const { peers, state, reason, lagSeconds } = node.status();
    assert.deepEqual(peers[0]!.lastError, { ...trouble, at: ISO });
    assert.deepEqual([state, lagSeconds], ['alone', null]);
    assert.match(reason, /^no connected peer can be .*\. no dialect \[NO_COMMON_DIALECT\]$/);
    parts.addresses.push(
      wanted('dead', { lastError: { code: 'DIAL_FAILED', message: 'dead', at: START } }),
    );
    assert.match(node.verdict().reason, /dead \[DIAL_FAILED\]$/);
  });

  it('are not in sync while two running nodes have the identity of a peer, or of this node', () => {
    const { node, parts } = create();
    const lastError = { code: 'SAME_IDENTITY', message: 'Two nodes', at: START };
    parts.connections.set('p', 'x');
    parts.records = [{ peer: 'p', connected: true, lastSession: null }];
    parts.inSync.add('p');
    const seen = () => [node.status().state, node.status().peers[0]!.inSync];
    assert.deepEqual(seen(), ['in-sync', true]);
    parts.troubles.set('p', lastError);
    assert.deepEqual(seen(), ['behind', false]);
    parts.troubles.clear();
    parts.addresses = [wanted('twin', { lastError })];
    assert.deepEqual(seen(), ['behind', true]);
  });

  it('of proofs that are late make the node behind', () => {
    const { node, parts, clock } = create();
    parts.records = [{ peer: 'p', connected: true, lastSession: null }];
    parts.coversAsOf = { at: clock.now() - 3_000, interval: EVERYTHING, whole: true };
    assert.deepEqual([node.status().state, node.status().lagSeconds], ['in-sync', 3]);
    parts.late.add('p');
    assert.equal(node.status().state, 'behind');
    parts.coversAsOf = {
      at: clock.now(),
      interval: { ...EVERYTHING, lower: { hint: 1n, id: null } },
    };
    assert.equal(node.verdict().lagSeconds, null, 'a part is no proof of everything');
    node.closing();
    assert.equal(node.verdict().state, 'stopping');
  });

  it('are synced one by one only where they are connected and speak our protocol', async () => {
    const { node, parts } = create();
    parts.records = [
      { peer: 'here', connected: true },
      { peer: 'gone', connected: false },
    ];
    const error = { code: 'BUSY', message: 'm' };
    parts.reports = [{ peer: 'here', equal: false, missing: 2, error, rounds: 3 }];
    for (const peer of ['gone', 'stranger']) {
      await assert.rejects(node.sync(peer), {
        code: 'UNKNOWN_PEER',
        message: /see "rangemesh peers"$/,
      });
    }
    await assert.rejects(node.sync('self'), { code: 'OWN_PEER' });
    parts.ours.add('mute');
    await assert.rejects(node.sync('mute'), {
      code: 'NO_COMMON_DIALECT',
      message: /sync\.dialect to auto/,
    });
    const unknown = { missingThere: null, refused: 0 };
    const result = { peerId: 'here', equal: false, missing: 2, error, ...unknown };
    assert.deepEqual(await node.sync('here'), [result]);
    assert.deepEqual(await node.sync(), [result]);
    assert.deepEqual(parts.synced, ['here', undefined]);
  });
});

describe('the items of a running node', () => {
  it('are stored under the given hint, or the time', async () => {
    const { clock, node, parts } = create();
    await node.put(new Uint8Array(1), 0n);
    await node.put(new Uint8Array(1));
    assert.deepEqual(parts.puts, [0n, BigInt(clock.now())]);
  });

  it('are reported with their arrival, as far as the store knows it', async () => {
    const { node, parts } = create();
    const arrivalOf = async (known: Arrival | Error) => {
      parts.arrival = known;
      const answer = await node.why(Uint8Array.of(1));
      return answer.state === 'have' ? answer.arrival : undefined;
    };
    const fetched = { seq: 3, at: START, source: 'p' };
    assert.deepEqual(await arrivalOf(fetched), { seq: 3, at: ISO, source: 'p', publisher: null });
    const pushed = { ...fetched, source: 'p/q' };
    const named = { seq: 3, at: ISO, source: 'p', publisher: 'q' };
    assert.deepEqual(await arrivalOf(pushed), named);
    const put = { seq: 4, at: START, source: null };
    assert.deepEqual(await arrivalOf(put), {
      ...{ seq: 4, at: ISO, source: 'local' },
      publisher: null,
    });
    const migrated = { seq: 5, at: 0, source: null };
    assert.deepEqual(await arrivalOf(migrated), {
      ...{ seq: 5, at: null, source: null },
      publisher: null,
    });
    assert.equal(await arrivalOf(new StoreError('STORE_REBUILDING', 'm')), null);
    await assert.rejects(arrivalOf(new StoreError('STORE_CLOSED', 'm')), { code: 'STORE_CLOSED' });
  });

  it('are reported as held, as wanted since and until, or as expired', async () => {
    const { node, parts } = create();
    const here = Uint8Array.of(1);
    const have = { state: 'have', hint: '7', bytes: 5, arrival: null, indexed: null };
    assert.deepEqual(await node.why(here), { ...have, lackedBy: [] });
    parts.lacking = [{ peer: 'p', since: START, at: START }];
    const gap = { peerId: 'p', since: ISO, at: ISO };
    assert.deepEqual(await node.why(here), { ...have, lackedBy: [gap] });
    const gone = Uint8Array.of(2);
    const unknown = { state: 'unknown', attempts: [], asked: [] as object[] };
    assert.deepEqual(await node.why(gone), unknown, bytesToHex(gone));
    parts.why = { state: 'expired', at: START, attempts: [] };
    parts.records = [{ peer: 'p', connected: true, lastSession: { startedAt: START } }];
    const asked = [{ peerId: 'p', lastSession: ISO, coversAsOf: null }];
    assert.deepEqual(await node.why(gone), {
      state: 'expired',
      at: ISO,
      attempts: [],
      asked,
    });
    parts.why = { state: 'refused', peers: ['p'] };
    assert.deepEqual(await node.why(gone), {
      state: 'refused',
      refusedAt: ['p'],
      refusal: null,
    });
    parts.refusal = { id: gone, at: START, by: 'operator', hint: 7n, reason: 'spam' };
    const refusal = { at: ISO, by: 'operator', hint: '7', reason: 'spam' };
    assert.deepEqual(await node.why(gone), { state: 'refused', refusedAt: ['p'], refusal });
    assert.deepEqual(node.refusal(gone), refusal);
    parts.refusal = undefined;
    assert.equal(node.refusal(gone), null);
    const times = { since: START, expiresAt: START };
    const attempt = { at: START, outcome: 'absent', error: null };
    parts.why = { state: 'wanted', ...times, attempts: [{ peer: 'p', ...attempt }] };
    const attempts = [{ peerId: 'p', ...attempt, at: ISO }];
    assert.deepEqual(await node.why(gone), {
      state: 'wanted',
      since: ISO,
      expiresAt: ISO,
      attempts,
    });
  });

  it('are verified unless the index is being built, and unreadable ones are damage', async () => {
    const { node, parts } = create();
    const options = {} as never;
    assert.deepEqual(await node.verify(options), { ok: true });
    parts.rebuilding = { items: 1, of: 2 };
    await assert.rejects(node.verify(options), { code: 'STORE_REBUILDING' });
    parts.rebuilding = null;
    const damage = Object.assign(new Error('bad block'), { code: 'LEVEL_CORRUPTION' });
    parts.failure = damage;
    await assert.rejects(node.verify(options), { code: 'STORE_CORRUPT', message: /bad block/ });
    parts.failure = Object.assign(new Error('outer'), { cause: { code: 'LEVEL_IO_ERROR' } });
    await assert.rejects(node.verify(options), { code: 'STORE_CORRUPT' });
    parts.failure = new StoreError('STORE_CLOSED', 'closed');
    await assert.rejects(node.verify(options), { code: 'STORE_CLOSED' });
  });

  it('forgets a peer that left something behind here, and none that is connected', async () => {
    const { node, parts } = create();
    assert.deepEqual(await node.forgetPeer('known'), ['an address']);
    parts.records.push({ peer: 'met' });
    assert.deepEqual(await node.forgetPeer('met'), []);
    await assert.rejects(node.forgetPeer('never met'), { code: 'UNKNOWN_PEER' });
    await assert.rejects(node.forgetPeer('self'), { code: 'OWN_PEER' });
    parts.connections.set('known', '/ip4/192.0.2.1/tcp/1');
    await assert.rejects(node.forgetPeer('known'), { code: 'PEER_CONNECTED' });
  });

  it('shows the penalties of peers, those that are banned and gone too, and forgets them', () => {
    const clock = new VirtualClock();
    const penalties: Penalties = new Penalties({
      clock,
      logger: new Log().logger,
      options: { banScore: 30, minPeers: 0 },
      connected: () => [],
      named: () => false,
      cutOff: () => undefined,
    });
    const { node } = create({ penalties });
    const standing = () => node.peers().find(({ peerId }) => peerId === 'bad')?.standing;
    assert.equal(standing(), undefined);
    assert.throws(() => node.pardon('bad'), { code: 'UNKNOWN_PEER' });
    assert.throws(() => node.pardon('self'), { code: 'OWN_PEER' });
    penalties.report('bad', { code: 'WRONG_BYTES', protocol: 'fetch' });
    const at = new Date(clock.now()).toISOString();
    assert.deepEqual(standing(), {
      role: 'read',
      score: 0,
      lastPenalty: { code: 'WRONG_BYTES', protocol: 'fetch', at },
      bannedUntil: new Date(clock.now() + 600_000).toISOString(),
    });
    const { peerId, standing: pardoned } = node.pardon('bad');
    assert.deepEqual(
      [peerId, pardoned],
      ['bad', { role: 'read', score: 0, lastPenalty: null, bannedUntil: null }],
    );
    assert.equal(standing(), undefined);
  });

  it('finds ids of held items, and of wanted ones where they are asked for', async () => {
    const { node } = create();
    const found = async (limit: number, wanted: boolean) =>
      (await node.idsWith('00', { limit, wanted })).map(([byte]) => byte);
    assert.deepEqual(await found(3, false), [0]);
    assert.deepEqual(await found(3, true), [0, 1, 2]);
    assert.deepEqual(await found(2, true), [0, 1]);
  });
});
