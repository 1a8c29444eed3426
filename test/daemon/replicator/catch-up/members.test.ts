import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILED } from '../support.ts';
import { Rig, surveyOf } from './support.ts';

describe('a peer that takes part in a catch-up', () => {
  it('works while its session over a slice runs, and no longer', async () => {
    const rig = new Rig(['a', 'b'], 3);
    for (const _ of [1, 2]) {
      assert.deepEqual([rig.catchUp.works('a'), rig.catchUp.works('b')], [true, true]);
      await rig.list('a', 1);
    }
    assert.equal(rig.catchUp.works('a'), false, 'it waits');
    assert.equal(rig.catchUp.works('c'), false);
  });

  it('that leaves counts as working until its session ends, and takes part again when it returns', async () => {
    const rig = new Rig(['a', 'b'], 8);
    for (const _ of [1, 2]) {
      const session = rig.session('a');
      rig.catchUp.left('a');
      assert.equal(rig.catchUp.takes('a'), false);
      assert.equal(rig.catchUp.works('a'), true, 'its session still runs');
      await session.end();
      assert.equal(rig.catchUp.works('a'), false, 'it counts as working after its session');
      rig.catchUp.join(surveyOf('a', 8));
      assert.equal(rig.catchUp.works('a'), true);
    }
    rig.catchUp.left('never here');
    assert.equal(rig.catchUp.works('never here'), false);
  });

  it('that leaves while it closes does not count as working', async () => {
    const rig = new Rig(['a', 'b'], 1);
    await rig.session('a').end();
    await rig.session('b').end();
    assert.equal(rig.catchUp.progress.phase, 'closing');
    assert.equal(rig.catchUp.works('a'), false);
    rig.catchUp.left('a');
    assert.equal(rig.catchUp.works('a'), false);
  });

  it('joins once, by a survey that shows its root, and not where it is barred', async () => {
    const rig = new Rig(['a'], 4);
    rig.catchUp.join({ ...surveyOf('b', 4), outlines: null });
    assert.equal(rig.catchUp.takes('b'), false);
    rig.catchUp.join(surveyOf('a', 4));
    assert.equal(rig.begun('a'), 1, 'one session at a time');
    rig.catchUp.join(surveyOf('b', 4));
    rig.catchUp.disbelieved('b');
    rig.catchUp.join(surveyOf('b', 4));
    assert.equal(rig.catchUp.takes('b'), false);
    rig.catchUp.disbelieved('c');
    rig.catchUp.join(surveyOf('c', 4));
    assert.equal(rig.catchUp.takes('c'), true, 'it was no member when it was not believed');
  });

  it('may have two sessions in a row fail, and not three', async () => {
    const rig = new Rig(['a', 'b'], 12);
    const fail = () => rig.session('a').end({ error: FAILED });
    for (const _ of [1, 2]) {
      await fail();
      await fail();
      assert.equal(rig.catchUp.takes('a'), true);
      rig.store(await rig.list('a', 1));
    }
    for (let i = 0; i < 3; i++) await fail();
    assert.equal(rig.catchUp.takes('a'), false);
    assert.deepEqual(
      rig.logged('catch-up-barred').map(({ peer, reason }) => [peer, reason]),
      [['a', 'its sessions fail']],
    );
  });

  it('leaves, and may come back, when it puts off what differs', async () => {
    const rig = new Rig(['a', 'b'], 4);
    const { outlines } = surveyOf('a', 1);
    const theirs = { ...outlines!.theirs, mode: 'survey' as const };
    await rig.session('a').end({ outlines: { ...outlines!, theirs } });
    assert.equal(rig.catchUp.takes('a'), false);
    assert.equal(rig.logged('catch-up-barred').length, 0);
    rig.catchUp.join(surveyOf('a', 4));
    assert.equal(rig.catchUp.takes('a'), true);
  });

  it('may fail to deliver its lists twice, and not three times', async () => {
    const rig = new Rig(['a', 'b'], 8);
    for (let times = 1; times <= 3; times++) {
      assert.equal(rig.catchUp.takes('a'), true, `after ${times - 1} times`);
      await rig.list('a', 1);
      await rig.clock.advance(17_000);
    }
    assert.equal(rig.catchUp.takes('a'), false);
  });

  it('that is idle serves the listed items of a member with the same set', async () => {
    const rig = new Rig([], 1);
    rig.catchUp.begin(surveyOf('a', 2, 'same'), 3);
    await rig.list('a', 1);
    rig.catchUp.join(surveyOf('b', 2, 'same'));
    await rig.list('a', 1);
    rig.catchUp.join(surveyOf('c', 2, 'same'));
    rig.catchUp.join(surveyOf('d', 2, 'other'));
    assert.deepEqual([...new Set(rig.mirrored)].sort(), ['b of a', 'c of a']);
  });
});

describe('a catch-up that one peer alone takes part in', () => {
  it('waits for unknown peers to check it, but not forever', async () => {
    const rig = new Rig(['a'], 1, { unknown: 1 });
    rig.store(await rig.list('a', 1));
    await rig.clock.advance(9_000);
    assert.equal(rig.catchUp.progress.phase, 'slices');
    await rig.clock.advance(1_000);
    assert.equal(rig.catchUp.progress.phase, 'closing');
  });

  it('closes at once where no other peer is connected', async () => {
    const rig = new Rig(['a'], 1);
    rig.store(await rig.list('a', 1));
    assert.equal(rig.catchUp.progress.phase, 'closing');
    await rig.session('a').end();
    assert.ok(rig.over);
  });

  it('ends when that peer leaves, and reports that it failed', async () => {
    const rig = new Rig(['a'], 2);
    await rig.clock.advance(12_345);
    rig.catchUp.left('a');
    assert.ok(rig.over);
    const [line] = rig.logged('catch-up-ended');
    assert.equal(line!.seconds, 12.3);
    assert.match(`${line!.msg}`, /without peers to go on with/);
    assert.deepEqual([line!.missing, line!.compared, line!.uncompared], [2_000, 0, 0]);
  });
});

describe('a catch-up that takes long', () => {
  it('logs its progress every ten seconds', async () => {
    const rig = new Rig(['a'], 2);
    await rig.list('a', 3);
    await rig.clock.advance(9_000);
    assert.equal(rig.logged('catch-up').length, 0);
    await rig.clock.advance(1_000);
    const [line] = rig.logged('catch-up');
    assert.deepEqual([line!.missing, line!.peers, line!.phase], [1_003, 1, 'slices']);
    await rig.clock.advance(9_999);
    assert.equal(rig.logged('catch-up').length, 1);
    await rig.clock.advance(1);
    assert.equal(rig.logged('catch-up').length, 2);
  });

  it('bars a slow peer after a minute at the earliest, and only where another peer is idle', async () => {
    const rig = new Rig(['a', 'b'], 2);
    await rig.clock.advance(59_000);
    await rig.session('b').end();
    await rig.clock.advance(999);
    assert.ok(rig.catchUp.takes('a'));
    await rig.clock.advance(1);
    assert.ok(!rig.catchUp.takes('a'));
    assert.equal(rig.logged('catch-up-barred')[0]!.reason, 'its sessions take too long');
  });

  it('bars no peer while the room for listed ids is full', async () => {
    const rig = new Rig(['a', 'b'], 3, { maxPending: 5 });
    const ids = await rig.list('b', 5);
    rig.fetcher.paused = { code: 'PAUSED', message: 'paused' };
    await rig.clock.advance(100_000);
    assert.ok(rig.catchUp.takes('a'), 'b could list nothing in its place');
    rig.store(ids.splice(0, 1));
    assert.ok(!rig.idle('b'));
  });

  it('ends without a timer if a check bars its last member', async () => {
    const rig = new Rig(['a'], 1);
    await rig.list('a', 1);
    for (let seconds = 0; seconds < 100 && !rig.over; seconds++) {
      await rig.clock.advance(1_000);
      if (!rig.idle('a')) await rig.list('a', 1);
    }
    assert.deepEqual([rig.over, rig.clock.pending], [true, 0]);
  });

  it('checks nothing any more once it is stopped', async () => {
    const rig = new Rig(['a', 'b'], 2);
    const session = rig.session('a');
    rig.catchUp.stop();
    assert.equal(rig.clock.pending, 0);
    await session.end();
    rig.catchUp.join(surveyOf('c', 2));
    assert.ok(!rig.catchUp.takes('c'));
    assert.ok(rig.idle('a'), 'no peer gets a further job');
    assert.ok(!rig.over);
  });
});
