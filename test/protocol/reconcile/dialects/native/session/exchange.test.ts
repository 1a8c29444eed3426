import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Session } from '../../../../../../src/protocol/index.ts';
import type { NativeRecord } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { decodeFrame } from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { type Bound, ZERO_BOUND } from '../../../../../../src/store/index.ts';
import { keysOf } from '../../../../../conformance/pairs.ts';
import { SeededRandom } from '../../../../../support/random.ts';
import { carryOn, frameOf, malformed, opened, say, tagsOf, workOn } from '../puppet.ts';
import { open, openingOf } from '../support.ts';

const random = new SeededRandom('exchange');
const keys = keysOf(18, 1_000);
const at = (rank: number): Bound => ({ hint: keys[rank]!.hint, id: null });
const part = (upper: Bound | null, count: number) => ({ upper, count, digest: random.bytes(5) });
const split = (...parts: ReturnType<typeof part>[]): NativeRecord => ({ tag: 'split', parts });
const proof = (): NativeRecord => ({ tag: 'proof', digest: random.bytes(16), refused: 0 });
const ids = (count: number): Uint8Array => random.bytes(32 * count);
const sketch = (symbols = 16): NativeRecord => ({
  tag: 'sketch',
  count: 1_000,
  sums: random.bytes(32),
  symbols: random.bytes(8 * symbols),
});
const whole = (theirs = {}): Session =>
  opened('initiator', { keys }, { count: 1_000, ...theirs }).session;

describe('what is left to settle', () => {
  it('is unknown before the peer opens, then all, and nothing when all is said to be the same', () => {
    const session = open('initiator', { keys });
    session.start();
    assert.equal(session.unsettledFrom, null);
    say(session, openingOf(random, { count: 1_000 }));
    assert.deepEqual(session.unsettledFrom, ZERO_BOUND);
    assert.deepEqual(tagsOf(say(session, { tag: 'same', ranges: 1 })), ['proof']);
    assert.equal(session.unsettledFrom, null);
  });

  it('begins with the lowest range that is announced, taken, asked, coming or put off', () => {
    const taken = whole();
    say(taken, { tag: 'take', ranges: 1 });
    assert.deepEqual(taken.unsettledFrom, ZERO_BOUND, 'a range in a group to come');
    const coming = whole();
    say(coming, { tag: 'all' }, { tag: 'piece', upper: at(400), ids: ids(1) });
    assert.deepEqual(coming.unsettledFrom, at(400), 'a range that is coming in full');
    const off = whole();
    say(off, { tag: 'later', ranges: 1 });
    assert.deepEqual(off.unsettledFrom, ZERO_BOUND, 'a range that was put off');
    const listed = whole();
    const list: NativeRecord = { tag: 'list', last: false, width: 8, entries: random.bytes(8) };
    say(listed, { tag: 'take', ranges: 1 }, list);
    assert.deepEqual(listed.unsettledFrom, ZERO_BOUND, 'a group that is coming');
    const asked = open('responder', { keys, limits: { sliceItems: 1 } });
    asked.start();
    asked.receive(frameOf(openingOf(random, { count: 1_000 })));
    assert.deepEqual(asked.unsettledFrom, ZERO_BOUND, 'a range that is still to be answered');
  });

  it('moves up as groups are settled', () => {
    const session = whole();
    const parts = [part(at(500), 500), part(at(960), 460), part(null, 40)];
    assert.deepEqual(tagsOf(say(session, split(...parts))), [
      'take',
      'sketch',
      'take',
      'sketch',
      'take',
      'sketch',
    ]);
    const found = (group: number): NativeRecord => ({
      ...{ tag: 'found', group, last: true, gives: false, width: 2 },
      prefixes: new Uint8Array(0),
    });
    assert.deepEqual(session.unsettledFrom, ZERO_BOUND);
    say(session, found(1));
    assert.deepEqual(session.unsettledFrom, ZERO_BOUND);
    say(session, found(0));
    assert.deepEqual(session.unsettledFrom, at(960));
    assert.deepEqual(tagsOf(say(session, found(2))), ['proof']);
    assert.equal(session.unsettledFrom, null);
  });

  it('is where a peer puts off first, whatever comes later', () => {
    const session = whole();
    const parts = [part(at(300), 300), part(at(600), 300), part(null, 400)];
    say(session, split(...parts));
    for (const group of [2, 1]) {
      say(session, { tag: 'fail', group, differences: 9 }, { tag: 'later', ranges: 1 });
      assert.deepEqual(session.unsettledFrom, ZERO_BOUND);
    }
    const last = say(
      session,
      { tag: 'fail', group: 0, differences: 3 },
      { tag: 'same', ranges: 1 },
    );
    assert.deepEqual(tagsOf(last), ['proof']);
    assert.deepEqual(session.unsettledFrom, at(300), 'the lowest that was put off');
    say(session, proof());
    assert.deepEqual(session.finding!.continueFrom, at(300));
    assert.equal(session.finding!.spent, 'a budget of the peer');
    assert.equal(session.finding!.proved, false);
  });
});

describe('a session that differs', () => {
  it('is one in which anything but same was said', () => {
    const said = (role: Session['role'], ...records: NativeRecord[]) => {
      const { session } = opened(role, { keys }, { count: 1_000 });
      if (records.length > 0) say(session, ...records);
      return session.differs;
    };
    assert.equal(said('initiator'), false);
    assert.equal(said('initiator', { tag: 'same', ranges: 1 }), false);
    assert.equal(said('initiator', { tag: 'same', ranges: 1 }, proof()), false);
    assert.equal(said('initiator', { tag: 'later', ranges: 1 }), true);
    assert.equal(said('initiator', { tag: 'all' }), true);
    assert.equal(said('responder'), true, 'a root that is not ours');
    assert.equal(open('initiator', { keys }).differs, false);
  });

  it('puts off for no budget where one side settles nothing', () => {
    for (const [ours, theirs, spent] of [
      ['reconcile', 'reconcile', 'a budget of the peer'],
      ['survey', 'reconcile', null],
      ['reconcile', 'survey', null],
      ['survey', 'survey', null],
    ] as const) {
      const { session } = opened('initiator', { keys, mode: ours }, { mode: theirs });
      say(session, { tag: 'later', ranges: 1 }, proof());
      assert.equal(session.finding!.spent, spent);
      assert.deepEqual(session.finding!.continueFrom, ZERO_BOUND);
    }
  });
});

describe('what comes out of turn', () => {
  it('is an opening that comes twice, or not first', () => {
    const session = open('initiator', { keys });
    session.start();
    assert.throws(
      () => say(session, { tag: 'same', ranges: 1 }),
      malformed(/does not begin with an opening/),
    );
    const twice = whole();
    assert.throws(() => say(twice, openingOf(random, {})), malformed(/opens for the second time/));
    const { session: responder } = opened('responder', { keys });
    assert.throws(
      () => say(responder, openingOf(random, {})),
      malformed(/opens for the second time/),
    );
  });

  it('is a proof while something is outstanding, and anything after a proof', () => {
    const unexpected = (message: RegExp) => ({ code: 'UNEXPECTED_FRAME', message });
    const early = unexpected(/says it is done, and it is not/);
    for (const records of [
      [],
      [{ tag: 'take', ranges: 1 }],
      [{ tag: 'all' }],
      [{ tag: 'all' }, { tag: 'piece', upper: at(5), ids: ids(1) }],
      [split(part(at(500), 500), part(null, 500))],
      [
        { tag: 'take', ranges: 1 },
        { tag: 'list', last: false, width: 8, entries: random.bytes(8) },
      ],
      [
        { tag: 'take', ranges: 1 },
        { tag: 'list', last: true, width: 8, entries: random.bytes(8) },
      ],
    ] as NativeRecord[][]) {
      assert.throws(
        () => say(whole(), ...records, proof()),
        early,
        JSON.stringify(tagsOf(records)),
      );
    }
    const late = unexpected(/had said that it was done/);
    for (const record of [{ tag: 'same', ranges: 1 }, proof(), { tag: 'all' }] as NativeRecord[]) {
      const { session } = opened('responder', { keys: keys.slice(0, 0) }, { count: 5 });
      say(session, { tag: 'all' }, { tag: 'piece', upper: null, ids: ids(5) });
      assert.throws(() => say(session, proof(), record), late);
    }
  });

  it('is any answer to another range while one comes in full, and no record about a group', () => {
    const cut = malformed(/a range in full is cut short/);
    for (const record of [
      ...(['same', 'later', 'want', 'take'] as const).map((tag) => ({ tag, ranges: 1 })),
      { tag: 'all' },
      split(part(at(500), 500), part(null, 500)),
      { tag: 'fail', group: 0, differences: 1 },
      sketch(),
      { tag: 'probe', count: 3, sums: random.bytes(128) },
      { tag: 'list', last: true, width: 8, entries: random.bytes(8) },
    ] as NativeRecord[]) {
      const session = whole();
      say(session, split(part(at(0), 5), part(null, 1_000)));
      say(session, { tag: 'all' });
      assert.throws(() => say(session, record), cut, record.tag);
    }
    const session = whole();
    say(session, split(part(at(0), 5), part(null, 1_000)));
    say(session, { tag: 'all' });
    const more: NativeRecord = { tag: 'more', group: 0, symbols: 2 };
    assert.deepEqual(tagsOf(say(session, more)), ['symbols']);
    say(session, { tag: 'piece', upper: null, ids: ids(5) });
    assert.deepEqual(tagsOf(say(session, more)), ['symbols']);
  });
});

describe('ranges that come back from a failed group', () => {
  it('are answered next, as a cluster of as many differences as the peer thinks', () => {
    const answer = (ranges: number, differences: number) => {
      const session = whole();
      const first = split(part(at(500), 500), part(null, 500));
      assert.deepEqual(tagsOf(say(session, first)), ['take', 'sketch', 'take', 'sketch']);
      say(session, { tag: 'fail', group: ranges, differences });
      const [begin, end] = [500 * ranges, 500 * ranges + 500];
      const parts = Array.from({ length: 10 }, (_, i) =>
        part(i === 9 ? null : at(begin + 50 * (i + 1)), 50),
      );
      assert.equal(parts.length * 50, end - begin);
      return tagsOf(say(session, split(...parts)));
    };
    // All differ: above 0.25 differences an item the middle is probed and the ends are split.
    const dense = answer(0, 300);
    assert.deepEqual(dense.filter((tag) => tag === 'probe').length, 10, dense.join());
    const thin = answer(1, 200);
    assert.equal(thin.includes('probe'), false, thin.join());
  });

  it('differ by an unknown number if the group had several', () => {
    const limits = { groupDifferences: 500, maxRangeItems: 200 };
    const { session } = opened('initiator', { keys, limits }, { count: 1_000 });
    const first = say(session, split(part(at(100), 100), part(null, 900)));
    assert.deepEqual(tagsOf(first), ['take', 'sketch', 'split']);
    const found: NativeRecord = {
      ...{ tag: 'found', group: 0, last: true, gives: false, width: 2 },
      prefixes: random.bytes(2),
    };
    say(session, found);
    // What is known of the first group lets three parts go together.
    const parts = [part(at(119), 19), part(at(138), 19), part(null, 18)];
    assert.deepEqual(tagsOf(say(session, split(...parts))), ['take', 'sketch']);
    say(session, { tag: 'fail', group: 1, differences: 1_000 });
    const again = say(session, split(part(at(106), 6), part(at(112), 6), part(null, 7)));
    const [, list] = again;
    assert.ok(list?.tag === 'list' || list?.tag === 'sketch', tagsOf(again).join());
    assert.ok(list.tag !== 'list' || list.width < 32, 'all would be listed by ids');
  });
});

describe('two sides that have both much to say', () => {
  it('let answers to groups go before answers to ranges', () => {
    const session = opened(
      'initiator',
      { keys, limits: { maxGroups: 1 } },
      { count: 1_000 },
    ).session;
    const said = say(session, split(part(at(500), 500), part(null, 500)));
    assert.deepEqual(tagsOf(said), ['take', 'sketch', 'take'], 'the second waits for the first');
    const more = say(session, { tag: 'more', group: 0, symbols: 5 });
    assert.deepEqual(
      tagsOf(more),
      ['symbols'],
      'while it waits it answers what is asked of a group',
    );
    const after = say(session, {
      tag: 'found',
      group: 0,
      last: true,
      gives: false,
      width: 2,
      prefixes: new Uint8Array(0),
    });
    assert.deepEqual(tagsOf(after), ['sketch']);
  });

  it('work on one thing while a frame waits to be taken', () => {
    const session = open('responder', { keys, limits: { maxMessageBytes: 1_024 } });
    session.start();
    const step = workOn(session, session.receive(frameOf(openingOf(random, { count: 0 }))));
    assert.equal(step.pending, 'output');
    const said = carryOn(session, step);
    assert.equal(said.filter(({ tag }) => tag === 'piece').length > 30, true);
    assert.ok([...decodeFrame(frameOf(...said.slice(0, 1)))].length === 1);
  });
});
