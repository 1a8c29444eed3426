import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeFrame, encodeRecord } from '../../../src/protocol/announce/testing.ts';
import {
  type AnnounceEvents,
  type AnnounceInit,
  type AnnounceOptions,
  AnnounceService,
  type Gossip,
  type GossipAdmission,
  type GossipValidator,
  type GossipVerdict,
} from '../../../src/protocol/index.ts';
import { type Item, type ItemKey, itemId } from '../../../src/store/index.ts';
import { byNow } from '../../support/by-now.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { SeededRandom } from '../../support/random.ts';

function itemOf(number: number): Item {
  const payload = new Uint8Array(20).fill(number);
  return { hint: 1n, payload, id: itemId(1n, payload) };
}

/** A service that hears what it is told, with no network behind it. */
function listening(
  options: Partial<AnnounceOptions> = {},
  events: Partial<AnnounceEvents> = {},
  init: Partial<Pick<AnnounceInit, 'allowed' | 'loopDelayMs' | 'work' | 'knows' | 'traffic'>> = {},
) {
  const clock = new VirtualClock();
  const validators: GossipValidator[] = [];
  const admissions: GossipAdmission[] = [];
  const left: string[] = [];
  const published: Uint8Array[] = [];
  const gossip: Gossip = {
    self: 'self',
    subscribe: (topic, validator, admits) => {
      validators.push(validator);
      admissions.push(admits!);
      return () => void left.push(topic);
    },
    publish: async (_, data) => published.push(data),
    reaches: (topic, peer) => topic === '/rangemesh/test/announce/1' && peer === 'near',
    copies: () => 5,
  };
  const gaps: string[] = [];
  const passedOn: ItemKey[][] = [];
  const warnings: object[] = [];
  const service = new AnnounceService(gossip, {
    clock,
    random: new SeededRandom('judging'),
    networkName: 'test',
    log: { debug: () => {}, warn: (fields) => void warnings.push(fields) },
    events: {
      holds: () => false,
      items: () => true,
      keys: (keys) => keys,
      passedOn: (keys) => void passedOn.push([...keys]),
      gap: ({ publisher, from }) => void gaps.push(`${publisher} by ${from}`),
      ...events,
    },
    options,
    ...init,
  });
  let number = 0;
  /** What becomes of a message; `verdicts` has it as soon as it is known. */
  const verdicts: (GossipVerdict | undefined)[] = [];
  const hear = async (
    kind: 'items' | 'keys',
    items: readonly Item[],
    { sequence = number++, from = 'x', publisher = 'p' } = {},
  ): Promise<void> => {
    const records = items.map(({ payload, ...key }) =>
      encodeRecord({ ...key, length: payload.length, ...(kind === 'items' ? { payload } : {}) }),
    );
    const data = encodeFrame(kind, { epoch: new Uint8Array(8), sequence }, records);
    const at = verdicts.push(undefined) - 1;
    const admitted = admissions.at(-1)!({ from, bytes: data.length, copy: false });
    const verdict = admitted ? validators.at(-1)!({ publisher, from, data }) : 'ignore';
    void Promise.resolve(verdict).then((given) => {
      verdicts[at] = given;
    });
    await settle();
  };
  return {
    ...{ clock, service, validators, admissions, left, gaps, passedOn, warnings },
    ...{ verdicts, hear, published },
  };
}

const totalsOf = ({ service }: ReturnType<typeof listening>): Record<string, number> => {
  const { messages, received, known, rejected, ignored } = service.totals;
  return { messages, received, known, rejected, ignored };
};

const [one, two, three] = [itemOf(1), itemOf(2), itemOf(3)];

describe('AnnounceService: a message', () => {
  it('is neither taken nor passed on nor blamed if its publisher is not allowed', async () => {
    const taken: unknown[] = [];
    const items = (given: readonly Item[]) => taken.push(...given) > 0;
    const l = listening(
      {},
      { items },
      {
        allowed: (publisher) => publisher === 'p',
      },
    );
    l.service.start();
    await l.hear('items', [one], { publisher: 'stranger' });
    await l.hear('keys', [two], { publisher: 'stranger' });
    await l.hear('items', [three]);
    assert.deepEqual(l.verdicts, ['ignore', 'ignore', 'accept']);
    assert.equal(taken.length, 1);
    assert.deepEqual(totalsOf(l), { messages: 3, received: 1, known: 0, rejected: 0, ignored: 2 });
    await l.service.stop();
  });

  it('is held, if it carries keys, until its items are stored, and frees its place each time', async () => {
    const l = listening({ maxHeld: 2, holdMs: 1_000 });
    l.service.start();
    for (const round of [1, 2, 3]) {
      await l.hear('keys', [one, two]);
      assert.equal(l.verdicts.at(-1), undefined, `round ${round}: it is held`);
      await l.hear('keys', [three]);
      assert.equal(l.verdicts.at(-1), 'ignore', 'half of the places are for others');
      l.service.stored([one, two]);
      await settle();
      assert.equal(l.verdicts.at(-2), 'accept', `round ${round}: its items are here`);
      assert.equal(l.passedOn.length, round);
      assert.deepEqual(
        l.passedOn.at(-1)!.map(({ id }) => id),
        [one.id, two.id],
      );
    }
    for (const round of [1, 2]) {
      await l.hear('keys', [one]);
      await l.clock.advance(1_000);
      assert.equal(l.verdicts.at(-1), 'ignore', `round ${round}: its time is over`);
    }
    assert.equal(l.passedOn.length, 3, 'only passed on announcements are told as such');
    assert.deepEqual(totalsOf(l), { messages: 8, received: 11, known: 0, rejected: 0, ignored: 5 });
    await l.hear('keys', [three]);
    await l.service.stop();
    await settle();
    assert.equal(l.verdicts.at(-1), 'ignore', 'a stop ends the holds');
    assert.equal(l.clock.pending, 0);
  });

  it('is forwarded only with the keys that were wanted', async () => {
    const l = listening({}, { keys: (keys) => keys.slice(1) });
    l.service.start();
    await l.hear('keys', [one, two]);
    l.service.stored([two]);
    await settle();
    assert.deepEqual(l.verdicts, ['accept']);
    await l.hear('keys', [one]);
    assert.deepEqual(l.verdicts, ['accept', 'ignore'], 'nothing of it is wanted');
    assert.deepEqual(totalsOf(l), { messages: 2, received: 1, known: 0, rejected: 0, ignored: 1 });
  });

  it('is not forwarded where all its items are known, and reports only the unknown ones', async () => {
    const told: number[] = [];
    const known = new Set([one.id[0]]);
    const l = listening(
      {},
      {
        holds: (id) => known.has(id[0]),
        items: (items) => told.push(items.length) < 2,
        keys: (keys) => {
          told.push(-keys.length);
          return [];
        },
      },
    );
    l.service.start();
    await l.hear('items', [one]);
    await l.hear('keys', [one]);
    await l.hear('items', [one, two, three]);
    await l.hear('items', [two]);
    await l.hear('keys', [one, two]);
    assert.deepEqual(told, [2, 1, -1]);
    assert.deepEqual(l.verdicts, ['ignore', 'ignore', 'accept', 'ignore', 'ignore']);
    assert.deepEqual(totalsOf(l), { messages: 5, received: 2, known: 4, rejected: 0, ignored: 4 });
  });

  it('costs a peer its rate of messages, five times where it brings nothing new', async () => {
    const known = new Set([one.id[0]]);
    const l = listening({ peerMessagesPerSecond: 4 }, { holds: (id) => known.has(id[0]) });
    l.service.start();
    for (const from of ['x', 'y']) {
      for (let i = 0; i < 4; i++) await l.hear('items', [one], { from });
      assert.equal(l.service.totals.known, from === 'x' ? 4 : 8);
      await l.hear('items', [two], { from });
      assert.equal(l.verdicts.at(-1), 'ignore', 'the messages of five seconds are used up');
    }
    await l.hear('items', [two], { from: 'z' });
    assert.equal(l.verdicts.at(-1), 'accept', 'other peers have their own');
    await l.clock.advance(250);
    await l.hear('items', [two], { from: 'x' });
    assert.equal(l.verdicts.at(-1), 'accept', 'a message later there is room for one');
    await l.hear('items', [two], { from: 'x' });
    assert.equal(l.verdicts.at(-1), 'ignore');
  });

  it('costs a peer its bytes and 512 more where it is a copy, and is counted where it is left alone', () => {
    const l = listening({ peerMessagesPerSecond: 1, peerBytesPerSecond: 610 });
    l.service.start();
    const admits = (copy: boolean) => l.admissions[0]!({ from: 'x', bytes: 100, copy });
    for (let i = 0; i < 4; i++) assert.equal(admits(true), true);
    for (let i = 0; i < 5; i++) assert.equal(admits(false), true, 'five seconds of messages');
    assert.equal(admits(false), false, 'the messages are used up');
    assert.equal(admits(true), false, 'and so are the bytes');
    assert.deepEqual(totalsOf(l), { messages: 1, received: 0, known: 0, rejected: 0, ignored: 1 });
  });

  it('costs a peer its rate of bytes', async () => {
    const l = listening({ peerBytesPerSecond: 100 });
    l.service.start();
    const heard: (GossipVerdict | undefined)[] = [];
    for (let i = 0; i < 8; i++) {
      await l.hear('items', [two]);
      heard.push(l.verdicts.at(-1));
    }
    const taken = heard.filter((verdict) => verdict === 'accept').length;
    assert.ok(taken > 0 && taken < 8, `${taken} taken`);
    await l.clock.advance(5_000);
    await l.hear('items', [two]);
    assert.equal(l.verdicts.at(-1), 'accept');
  });

  it('is checked at the rate of all peers together, of which a quarter is kept for known peers', async () => {
    const debts = new Set(['debtor']);
    const l = listening(
      { messagesPerSecond: 4, peerMessagesPerSecond: 3 },
      {},
      {
        knows: (peer) => peer === 'known',
        work: { debtMs: (peer) => (debts.has(peer) ? 1 : 0), run: (_, looks) => looks() },
      },
    );
    l.service.start();
    const admitted = (from: string, copy = false) =>
      Array.from({ length: 20 }, () => l.admissions[0]!({ from, bytes: 100, copy })).filter(Boolean)
        .length;
    assert.deepEqual(
      [admitted('x', true), admitted('debtor')],
      [20, 0],
      'neither costs the others',
    );
    assert.deepEqual(
      ['x', 'y', 'known'].map((from) => admitted(from)),
      [15, 0, 5],
    );
    assert.deepEqual(totalsOf(l), {
      messages: 60,
      received: 0,
      known: 0,
      rejected: 0,
      ignored: 60,
    });
    await l.clock.advance(1_000);
    assert.deepEqual(
      ['y', 'known'].map((from) => admitted(from)),
      [3, 1],
    );
  });

  it('is not judged while its peer owes work, and the judging is charged', async () => {
    let debt = 0;
    const charged: string[] = [];
    const work: AnnounceInit['work'] = {
      debtMs: () => debt,
      run: (peer, looks) => {
        charged.push(peer);
        return looks();
      },
    };
    const l = listening({}, {}, { work });
    l.service.start();
    await l.hear('items', [one]);
    debt = 1;
    await l.hear('items', [two]);
    debt = 0;
    await l.hear('items', [three]);
    assert.deepEqual(l.verdicts, ['accept', 'ignore', 'accept']);
    assert.deepEqual(charged, ['x', 'x']);
  });

  it('is not published while more than a second of upload is owed', async () => {
    let owedMs = 1_000;
    const l = listening(
      {},
      {},
      { traffic: { debtMs: (direction) => (direction === 'upload' ? owedMs : 9_999) } },
    );
    l.service.start();
    for (const round of [1, 2]) {
      owedMs = 1_000;
      assert.equal(l.service.announce([one]), 1);
      owedMs = 1_001;
      assert.equal(l.service.announce([two, three]), 0, 'sessions bring them');
      await l.clock.advance(1_000);
      assert.equal(l.published.length, round);
      assert.equal(l.service.totals.dropped, 2 * round);
    }
    await l.service.stop();
  });

  it('does not come while the event loop falls behind, and a session with each publisher follows', async () => {
    let delay = 0;
    const l = listening({ overloadMs: 100, gapGraceMs: 100 }, {}, { loopDelayMs: () => delay });
    l.service.start();
    for (const round of [1, 2]) {
      await l.hear('items', [one]);
      assert.equal(l.verdicts.at(-1), 'accept');
      delay = 100;
      await l.clock.advance(250);
      assert.equal(l.service.totals.overloaded, false, 'as much as is allowed');
      delay = 101;
      await l.clock.advance(249);
      assert.equal(l.service.totals.overloaded, false, 'no look yet');
      await l.clock.advance(1);
      assert.equal(l.service.totals.overloaded, true);
      assert.equal(l.left.length, round, 'peers learn that it takes no announcements');
      assert.equal(l.service.reaches('near'), false);
      assert.equal(l.service.announce([one]), 0);
      delay = 51;
      await l.clock.advance(60_000);
      assert.equal(l.service.totals.overloaded, true, 'the end needs half the delay');
      assert.equal(l.gaps.length, round - 1);
      delay = 50;
      await l.clock.advance(250);
      assert.equal(l.service.totals.overloaded, false);
      assert.equal(l.validators.length, round + 1);
      assert.deepEqual(l.gaps, Array(round).fill('p by x'));
      assert.equal(l.service.reaches('near'), true);
      assert.equal(l.service.announce([one]), 1);
      await l.clock.advance(60_000);
    }
    delay = 101;
    await l.service.stop();
    await l.clock.advance(60_000);
    assert.equal(l.service.totals.overloaded, false, 'no look after the end');
  });

  it('stays away twice as long when overload returns soon, up to five minutes', async () => {
    let delay = 0;
    const l = listening({ overloadMs: 100 }, {}, { loopDelayMs: () => delay });
    l.service.start();
    const overload = async (): Promise<number> => {
      delay = 101;
      await l.clock.advance(250);
      assert.equal(l.service.overloaded, true);
      delay = 0;
      let ms = 0;
      for (; l.service.overloaded; ms += 250) await l.clock.advance(250);
      return ms;
    };
    const times: number[] = [];
    for (const _ of [1, 2, 3, 4, 5, 6]) times.push(await overload());
    assert.deepEqual(times, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    await l.clock.advance(300_000);
    assert.equal(await overload(), 30_000, 'not soon');
    await l.service.stop();
  });

  it('is rejected and logged where an item is wrong', async () => {
    const wrong: string[] = [];
    const l = listening(
      {},
      { items: () => assert.fail('taken'), wrong: ({ from }) => void wrong.push(from) },
    );
    l.service.start();
    for (const round of [1, 2]) {
      await l.hear('items', [two, { ...one, id: two.id.slice().fill(7) }]);
      await l.hear('items', []);
      assert.deepEqual(l.verdicts.slice(-2), ['reject', 'reject']);
      assert.equal(l.service.totals.rejected, 2 * round);
      assert.equal(wrong.length, 2 * round, 'the peer that passed it on is told of');
    }
    const codes = l.warnings.map((fields) => (fields as { code: string }).code);
    assert.deepEqual(codes.slice(2), ['INVALID_BYTES', 'MALFORMED_FRAME']);
    assert.deepEqual(totalsOf(l), { messages: 4, received: 0, known: 0, rejected: 4, ignored: 0 });
    assert.deepEqual([l.service.totals.duplicates, l.service.totals.gaps], [1, 0]);
    await l.hear('items', []);
    await l.hear('items', []);
    assert.equal(l.service.totals.duplicates, 0, 'there are never fewer than none');
  });
});

describe('AnnounceService: gaps', () => {
  const GRACE = { gapGraceMs: 100, holdMs: 1_000 };

  it('are reported for items after the grace period, gap after gap', async () => {
    const l = listening(GRACE);
    l.service.start();
    await l.hear('items', [one], { sequence: 0 });
    assert.equal(l.clock.pending, 0, 'there is nothing to look for');
    for (const round of [1, 2, 3]) {
      await l.hear('items', [one], { sequence: 2 * round, from: `f${round}` });
      await l.clock.advance(99);
      assert.equal(l.gaps.length, round - 1, `round ${round}, a millisecond early`);
      await l.clock.advance(1);
      assert.deepEqual(l.gaps.slice(round - 1), [`p by f${round}`]);
      assert.equal(l.service.totals.gaps, round);
      assert.equal(l.clock.pending, 0);
    }
  });

  it('are reported for keys once no peer can hold them any more', async () => {
    const l = listening(GRACE, { holds: () => true });
    l.service.start();
    await l.hear('keys', [one], { sequence: 0 });
    await l.hear('keys', [one], { sequence: 2 });
    await l.clock.advance(1_099);
    assert.deepEqual(l.gaps, []);
    await l.clock.advance(1);
    assert.deepEqual(l.gaps, ['p by x']);
    assert.equal(l.clock.pending, 0);
  });

  it('are not detected after a stop, and are detected again after the next start', async () => {
    const l = listening(GRACE);
    for (const round of [1, 2, 3]) {
      l.service.start();
      await l.hear('items', [one], { sequence: 10 * round });
      await l.hear('items', [one], { sequence: 10 * round + 2 });
      await l.hear('items', [one], { sequence: 10 * round + 3 });
      assert.equal(l.clock.pending, 1, 'one look at a time is enough');
      await l.clock.advance(100);
      assert.equal(l.gaps.length, round, 'gaps are told of after a restart too');
      await l.hear('items', [one], { sequence: 10 * round + 5 });
      await l.service.stop();
      assert.equal(l.clock.pending, 0, 'no timer is left');
      await l.hear('items', [one], { sequence: 10 * round + 6 });
      assert.equal(l.clock.pending, 0, 'a message that was under way sets none');
      await l.clock.advance(1_000);
      assert.equal(l.gaps.length, round);
    }
  });
});

describe('AnnounceService: start and stop', () => {
  it('subscribes once, publishes while it runs, and unsubscribes', async () => {
    const l = listening({ inlineBytes: 19 });
    assert.equal(l.service.inlineBytes, 19);
    assert.deepEqual([l.service.announce([one]), l.service.reaches('near')], [0, false]);
    for (const round of [1, 2]) {
      l.service.start();
      l.service.start();
      assert.equal(l.validators.length, round);
      assert.equal(l.service.announce([one]), 1);
      await l.clock.advance(100);
      assert.equal(l.published.length, round);
      assert.deepEqual([l.service.reaches('near'), l.service.reaches('far')], [true, false]);
      await byNow(l.service.stop(), 'it does not stop');
      await l.service.stop();
      assert.equal(l.left.length, round);
      assert.deepEqual([l.service.announce([one]), l.service.reaches('near')], [0, false]);
    }
    assert.equal(l.service.totals.announced, 2);
    assert.equal(listening({ inlineBytes: 1 << 20 }).service.inlineBytes, 32 * 1024);
  });
});
