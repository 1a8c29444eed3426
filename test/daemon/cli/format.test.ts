import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLAIN, screenOf } from '../../../src/daemon/cli/terminal/index.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPeer,
  formatPeers,
  formatPeerTable,
  formatStatus,
  formatSync,
  formatWhy,
} from '../../../src/daemon/cli/testing.ts';
import type { PeerStatus, Status } from '../../../src/daemon/index.ts';
import { FakeNode } from '../admin/fake-node.ts';
import { peerStatus } from '../peer-status.ts';

describe('text for people', () => {
  it('has sizes in the largest unit that fits', () => {
    const sizes: [number, string][] = [
      [0, '0 B'],
      [1, '1 B'],
      [1_023, '1023 B'],
      [1_024, '1.0 KiB'],
      [1_536, '1.5 KiB'],
      [1_024 ** 2 - 1, '1024.0 KiB'],
      [1_024 ** 2, '1.0 MiB'],
      [1_024 ** 3, '1.0 GiB'],
      [1_024 ** 4, '1.0 TiB'],
      [1_024 ** 5, '1024.0 TiB'],
    ];
    for (const [bytes, text] of sizes) assert.equal(formatBytes(bytes), text);
  });

  it('uses singular and plural', () => {
    assert.equal(formatCount(0, 'item'), '0 items');
    assert.equal(formatCount(1, 'item'), '1 item');
    assert.equal(formatCount(2, 'item'), '2 items');
    assert.equal(formatCount(1_234_567, 'item'), '1,234,567 items');
  });

  it('has durations in the largest unit that gives two or more', () => {
    const durations: [number, string][] = [
      [0.9, '0 s'],
      [119.9, '119 s'],
      [120, '2 min'],
      [7_199, '119 min'],
      [7_200, '2 h'],
      [172_799, '47 h'],
      [172_800, '2 d'],
      [259_199, '2 d'],
    ];
    for (const [seconds, text] of durations) assert.equal(formatDuration(seconds), text);
  });
});

describe('the status for people', () => {
  const healthy = new FakeNode().status();
  /** The lines of a status by their names; a name that comes twice has its last line. */
  const lines = (changes: Partial<Status> = {}) =>
    new Map(
      formatStatus({ ...healthy, ...changes })
        .split('\n')
        .map((line) => [line.slice(0, 12).trim(), line.slice(13)] as const),
    );

  it('has one line for each fact of a healthy node and none about trouble', () => {
    assert.deepEqual(
      [...lines()],
      [
        ['peer id', 'self'],
        ['network', 'test'],
        ['version', '0.0.0, up 5 s'],
        ['state', 'alone: no peer is connected'],
        ['lag', 'not known'],
        ['addresses', '/ip4/127.0.0.1/tcp/1'],
        ['set', '0 items, 0 B'],
        ['fingerprint', 'ab'.repeat(32)],
        ['commit', '1'],
        ['wanted', '0 items'],
        ['received', '0 B'],
        ['sent', '0 B'],
        ['push', 'off'],
        ['peers', '0 connected of 0, 0 in sync'],
        ['mesh', '0 other nodes known, 0 connected, 8 sought'],
        ['scrub', 'off, 0 items checked, 0 complete'],
      ],
    );
  });

  it('separates received from sent, and connected peers from equal ones', () => {
    const peer = { connected: false, inSync: false } as PeerStatus;
    const seen = lines({
      addresses: [],
      transfer: { receivedBytes: 1_024, sentBytes: 2_048 },
      peers: [peer, { ...peer, connected: true }, { ...peer, connected: true, inSync: true }],
      push: { announced: 1, received: 2, gaps: 0 } as Status['push'],
      scrub: { running: true, checked: 1, passes: 2 },
    });
    assert.equal(seen.get('addresses'), 'none');
    assert.deepEqual([seen.get('received'), seen.get('sent')], ['1.0 KiB', '2.0 KiB']);
    assert.equal(seen.get('peers'), '2 connected of 3, 1 in sync');
    assert.equal(seen.get('push'), '1 item announced, 2 items heard of');
    assert.equal(seen.get('scrub'), 'running, 1 item checked, 2 complete');
    const gaps = lines({ push: { announced: 0, received: 0, gaps: 1 } as Status['push'] });
    assert.equal(gaps.get('push'), '0 items announced, 0 items heard of, 1 gap');
  });

  it('has the budget that holds, with the line of the schedule that says so', () => {
    const none = healthy.budgets;
    const budget = (budgets: Partial<Status['budgets']>) =>
      lines({ budgets: { ...none, ...budgets } }).get('budget');
    assert.equal(budget({}), undefined);
    assert.equal(budget({ downloadBytesPerSecond: 2_048 }), 'download 2.0 KiB a second');
    const scheduled = '22:00-06:00 unlimited';
    assert.equal(budget({ scheduled }), 'no limit (22:00-06:00 unlimited)');
    assert.equal(
      budget({
        ...{ uploadBytesPerSecond: 1_024, downloadBytesPerSecond: 2_048 },
        ...{ peerUploadBytesPerSecond: 3_072, peerDownloadBytesPerSecond: 4_096, scheduled },
      }),
      'upload 1.0 KiB a second, download 2.0 KiB a second, upload to a peer 3.0 KiB a second, download from a peer 4.0 KiB a second (22:00-06:00 unlimited)',
    );
  });

  it('lists every trouble', () => {
    const incident = (i: number) => ({ at: `t${i}`, code: `C${i}`, message: `m${i}` });
    const seen = lines({
      set: { items: 1, bytes: 1, storedBytes: 177, fingerprint: null },
      rebuilding: { items: 1_000, of: 2_000 },
      needsRefill: true,
      quarantined: 1,
      incidents: [1, 2, 3, 4, 5].map(incident),
      refusing: { code: 'SET_FULL', message: 'no room' },
    });
    assert.match(seen.get('fingerprint')!, /not known/);
    assert.equal(seen.get('rebuilding'), 'the index, 1,000 of 2,000 items');
    assert.match(seen.get('refill')!, /items were lost/);
    assert.equal(seen.get('quarantine'), '1 damaged item not replaced yet');
    assert.equal(seen.get('incident'), 't5 m5 [C5]');
    assert.equal(seen.has('incidents'), false, 'all five are shown');
    assert.equal(seen.get('refusing'), 'no room [SET_FULL]');
    const six = formatStatus({ ...healthy, incidents: [1, 2, 3, 4, 5, 6].map(incident) });
    assert.match(six, /incidents +last 5 of 6\n/);
    assert.match(six, /incident +t2 m2 \[C2\]\n/);
    assert.doesNotMatch(six, /m1/);
  });

  it('has words for refused items and orphans, its lag and its state', () => {
    const seen = lines({
      ...{ wanted: 3, orphans: 2, refused: 1 },
      ...{ state: 'in-sync', reason: 'all is here', lagSeconds: 2.5 },
    });
    assert.equal(seen.get('wanted'), '3 items, 2 of them at no connected peer');
    assert.equal(seen.get('refused'), '1 item of peers, above limits.maxItemBytes here');
    assert.deepEqual([seen.get('state'), seen.get('lag')], ['in-sync: all is here', '2.5 s']);
  });

  it('colours the state and the troubles on a terminal', () => {
    const screen = screenOf({ isTTY: true } as Parameters<typeof screenOf>[0], { env: {} });
    const { paint } = screen;
    const text = (changes: Partial<Status>) => formatStatus({ ...healthy, ...changes }, screen);
    assert.ok(text({ state: 'in-sync' }).includes(`${paint.good('in-sync')}: `));
    assert.ok(text({ state: 'behind' }).includes(`${paint.warn('behind')}: `));
    const quarantined = paint.bad('1 damaged item not replaced yet');
    assert.ok(text({ quarantined: 1 }).endsWith(`quarantine   ${quarantined}`));
  });

  it('shows the progress of catching up', () => {
    const slices = { total: 4, closed: 1, checked: 0, givenUp: 0 };
    const catchUp: NonNullable<Status['catchUp']> = {
      startedAt: 't',
      phase: 'slices',
      stored: 10,
      missing: 2_000,
      estimated: false,
      slices,
      peers: 1,
      itemsPerSecond: null,
      secondsLeft: null,
    };
    const text = (changes: object) =>
      lines({ catchUp: { ...catchUp, ...changes } }).get('catching up');
    const begin = '10 items from 1 peer, 2,000 known to be missing';
    assert.equal(text({}), `${begin}; 1 of 4 slices done`);
    const givenUp = { ...slices, givenUp: 1 };
    assert.equal(text({ slices: givenUp }), `${begin}; 1 of 4 slices done, 1 of them given up`);
    const rate = { itemsPerSecond: 7, secondsLeft: 130 };
    assert.equal(text(rate), `${begin}, 7 items a second, about 2 min left; 1 of 4 slices done`);
    assert.match(text({ estimated: true })!, /2,000 missing by what peers say/);
    const closing = text({ phase: 'closing', peers: 2 });
    assert.equal(closing, '10 items; comparing everything once more with 2 peers');
  });
});

describe('a peer for people', () => {
  const unmet = peerStatus();
  const session: NonNullable<PeerStatus['lastSession']> = {
    role: 'initiator',
    dialect: 'native',
    startedAt: 't',
    durationMs: 12.5,
    rounds: 1,
    bytesSent: 1_024,
    bytesReceived: 2_048,
    efficiency: null,
    missing: 3,
    missingThere: 4,
    error: null,
  };

  it('that was never connected has an address and the reason of its failure', () => {
    const lastError = { code: 'DIAL_FAILED', message: 'nothing there', at: 't' };
    const head = 'not reached yet  not connected, not known to be equal, configured';
    assert.equal(formatPeer(unmet), `${head}  /ip4/192.0.2.1/tcp/1`);
    assert.equal(formatPeer({ ...unmet, address: null }), head);
    assert.match(formatPeer({ ...unmet, lastError }), /\n {2}last error t: nothing there \[DIAL_/);
  });

  it('that gives or takes nothing is said to, by its own word', () => {
    for (const [terms, words] of [
      [{ gives: false }, 'gives nothing: write-only here'],
      [{ takes: false }, 'takes nothing: read-only here'],
    ] as const) {
      assert.match(formatPeer({ ...unmet, ...terms }), new RegExp(`, configured, ${words} {2}`));
    }
  });

  it('that was penalised has its last penalty, its score, and the end of its ban', () => {
    const standing: PeerStatus['standing'] = {
      role: 'read',
      score: 45,
      lastPenalty: { code: 'WRONG_BYTES', protocol: 'fetch', at: 't' },
      bannedUntil: null,
    };
    const line = '  last penalty t: WRONG_BYTES (fetch), score 45';
    const [head, second] = formatPeer({ ...unmet, standing }).split('\n');
    assert.match(head!, /, configured, may only read {2}/);
    assert.equal(second, line);
    const banned = formatPeer({ ...unmet, standing: { ...standing, bannedUntil: 'u' } });
    assert.equal(banned.split('\n')[1], `${line}, banned until u`);
  });

  it('that is connected has its last session and its proved statements', () => {
    const everything = { lower: '0', upper: 'infinity' };
    const text = formatPeer({
      ...unmet,
      peerId: 'p',
      address: null,
      origin: 'runtime',
      connected: true,
      inSync: true,
      lastSession: session,
      coversAsOf: { at: 't1', interval: everything, whole: true },
      equalAsOf: { at: 't2', interval: { lower: '0', upper: '7' }, whole: false },
    });
    assert.deepEqual(text.split('\n'), [
      'p  connected, in sync, added',
      '  last session t, initiator, native, 12.5 ms, 1 round, sent 1.0 KiB, received 2.0 KiB: 3 items missing here, 4 missing there',
      '  all it held is here as of t1',
      '  both sets were equal as of t2, from hint 0 to 7 alone',
    ]);
    const from = { at: 't1', interval: { lower: '5', upper: 'infinity' } };
    const shown = (whole: boolean) => formatPeer({ ...unmet, coversAsOf: { ...from, whole } });
    assert.match(shown(false), /, from hint 5 to infinity alone$/);
    assert.match(shown(true), /as of t1, from hint 5 on$/, 'the floor of what both accept');
  });

  it('has the efficiency or the error of its session', () => {
    const text = (changes: object) =>
      formatPeer({ ...unmet, lastSession: { ...session, ...changes } });
    assert.match(text({ efficiency: 1.35 }), /2\.0 KiB, 1\.35 times the least possible: 3 items/);
    assert.match(text({ error: { code: 'BUSY', message: 'later' } }), /: later \[BUSY\]$/);
  });

  it('has a line of its own in a list of peers', () => {
    assert.equal(formatPeers([]), '');
    assert.equal(formatPeers([unmet, unmet]).split('\n').length, 2);
  });

  it('has one line of at most 80 columns in a table', () => {
    const error = { code: 'WRONG_PRE_SHARED_KEY', message: 'm', at: 't' };
    const peerId = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
    const met = { ...unmet, peerId, connected: true, inSync: true };
    const far = `/dns4/a-node.with-a-long-name.example.org/tcp/9463/p2p/${peerId}`;
    const failed = { ...unmet, lastError: error, address: far };
    const near = { ...met, address: `/ip4/192.0.2.1/tcp/1/p2p/${peerId}` };
    const table = formatPeerTable([near, failed, { ...met, address: null }], {
      ...PLAIN,
      columns: 80,
    });
    assert.deepEqual(table.split('\n'), [
      'PEER              CONNECTED  IN SYNC  TROUBLE               ADDRESS',
      '12D3KooW…MLvKXtf  yes        yes      -                     /ip4/192.0.2.1/tcp/1',
      'not reached yet   no         no       WRONG_PRE_SHARED_KEY  /dns4/a-node.with-a…',
      '12D3KooW…MLvKXtf  yes        yes      -                     -',
    ]);
    assert.equal(formatPeerTable([], PLAIN), '');
    const lastSession = { ...session, error: { code: 'BUSY', message: 'later' } };
    const whole = formatPeerTable([{ ...near, lastSession }], PLAIN);
    assert.ok(whole.endsWith(`BUSY     ${near.address}`));
  });
});

describe('the result of sessions for people', () => {
  const verdict = { state: 'behind', reason: 'why', lagSeconds: null } as const;
  const different = { peerId: 'p', equal: false, missing: 2, missingThere: 1, refused: 0 };
  const base = { ...different, error: null };

  it('has a line for each session, and says whether the sets are equal', () => {
    const error = { code: 'BUSY', message: 'later' };
    const sessions = [base, { ...base, missingThere: null }, { ...base, error }];
    assert.deepEqual(formatSync({ ...verdict, equal: false, sessions }).split('\n'), [
      'p  different: 2 items missing here, 1 missing there',
      'p  different: 2 items missing here',
      'p  failed: later [BUSY]',
      'the sets are different; behind: why',
    ]);
    const failed = formatSync({ ...verdict, equal: false, sessions: [{ ...base, error }] });
    assert.match(failed, /\nthe sets are not known to be equal; behind: why$/);
    const equal = formatSync({ ...verdict, equal: true, sessions: [{ ...base, equal: true }] });
    assert.equal(equal, 'p  equal\nthe sets are equal; behind: why');
  });

  it('does not say that the sets are in sync beside sessions that found them different', () => {
    const now = { ...verdict, state: 'in-sync', reason: 'all is here' } as const;
    const last = (equal: boolean, change: object) =>
      formatSync({ ...now, equal, sessions: [{ ...base, ...change }] }).split('\n')[1];
    const begin = 'the sets were different when the sessions began; now all is here';
    assert.equal(last(false, { missing: 0 }), begin);
    assert.equal(last(true, { equal: true }), 'the sets are equal; in-sync');
    const failed = last(false, { error: { code: 'BUSY', message: 'later' } });
    assert.equal(failed, 'not every session told whether the sets are equal; all is here');
  });

  it('names items that are refused, which are not missing', () => {
    const sessions = [{ ...base, missing: 0, missingThere: 0, refused: 3 }];
    const [line] = formatSync({ ...verdict, equal: false, sessions }).split('\n');
    assert.equal(line, 'p  different: 0 items missing here, 0 missing there, 3 refused here');
  });

  it('is not equality where no peer is connected', () => {
    const text = formatSync({ ...verdict, equal: false, sessions: [] });
    assert.match(text, /^the sets are not known to be equal; /);
  });
});

describe('where an item is, for people', () => {
  it('is described by its known facts', () => {
    const have = { state: 'have', hint: '7', bytes: 5, arrival: null, indexed: true } as const;
    assert.equal(formatWhy({ ...have, lackedBy: [] }), 'have: 5 B under hint 7');
    const arrival = { seq: 3, at: 't', source: 'local', publisher: null };
    const lackedBy = [{ peerId: 'p', since: 's', at: 'u' }];
    assert.deepEqual(formatWhy({ ...have, arrival, indexed: false, lackedBy }).split('\n  '), [
      'have: 5 B under hint 7',
      'since t, put here, number 3',
      'missing in the index, so that peers do not learn of it: run "rangemesh verify"',
      'p lacked it at u, in each session since s',
    ]);
    const came = (at: string | null, source: string | null, publisher: string | null) =>
      formatWhy({ ...have, arrival: { seq: 3, at, source, publisher }, lackedBy: [] }).split(
        '\n  ',
      )[1];
    assert.equal(came('t', 'p', null), 'since t, from p, number 3');
    assert.equal(came('t', 'p', 'p'), 'since t, from p, number 3');
    assert.equal(came('t', 'p', 'q'), 'since t, from p, announced by q, number 3');
    assert.equal(
      came(null, null, null),
      'number 3 in the order of arrival; time and source are not known',
    );
    const refused = formatWhy({ state: 'refused', refusedAt: ['p'], refusal: null });
    assert.match(refused, /^refused: .*limits\.maxItemBytes.*\n {2}p says/);
    const refusal = { at: 'T', by: 'operator', hint: null, reason: 'spam' } as const;
    const kept = formatWhy({ state: 'refused', refusedAt: ['p'], refusal });
    assert.equal(
      kept,
      'refused: kept out by an operator since T: spam\n  rangemesh unrefuse lets it in again',
    );
    assert.match(
      formatWhy({ state: 'expired', at: 't', attempts: [], asked: [] }),
      /^expired: wanted until t;/,
    );
    const interval = { lower: '0', upper: 'infinity' };
    const tried = [{ peerId: 'a', at: 't', outcome: 'absent', error: null }] as const;
    const asked = [
      { peerId: 'a', lastSession: 't', coversAsOf: { at: 'u', interval, whole: true } },
      { peerId: 'b', lastSession: 't', coversAsOf: null },
      { peerId: 'c', lastSession: null, coversAsOf: null },
    ];
    assert.deepEqual(formatWhy({ state: 'unknown', attempts: tried, asked }).split('\n  '), [
      'unknown: not here, and no peer has said to have it',
      'asked a at t: it does not have it',
      'a did not have it at u',
      'b had a session at t that proved nothing',
      'c was not asked yet',
    ]);
  });

  it('names the sources of a wanted item, and the time until it is wanted', () => {
    const wanted = {
      state: 'wanted',
      since: 't',
      confirmed: false,
      sources: [] as string[],
      attempts: [],
      fetchingFrom: null,
      bytes: null,
      expiresAt: 'e',
    } as const;
    assert.deepEqual(formatWhy({ ...wanted, confirmed: true }).split('\n  '), [
      'wanted since t',
      'no connected peer is known to have it: those that connect are asked',
      'given up at e',
    ]);
    const error = { code: 'TIMEOUT', message: 'too slow' };
    const attempts = [{ peerId: 'b', at: 'u', outcome: 'failed', error }] as const;
    const known = { sources: ['a', 'b'], fetchingFrom: 'a', bytes: 5, attempts };
    assert.deepEqual(formatWhy({ ...wanted, ...known }).split('\n  '), [
      'wanted since t (5 B)',
      'from a, b',
      'asked b at u: the request failed: too slow [TIMEOUT]',
      'being fetched from a',
      'given up at e, later if a second peer has it',
    ]);
  });
});
