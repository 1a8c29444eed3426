import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { at, EVERYTHING, FAILED, idOf } from '../support.ts';
import { FAR, outlineOf, SessionsRig } from './sessions-support.ts';

describe('the session of a peer that is due', () => {
  it('is a survey first, and covers everything the next time', async () => {
    const rig = new SessionsRig();
    await rig.run('a');
    assert.equal(rig.what, 'a survey');
    await rig.run('a');
    assert.equal(rig.what, 'a survey', 'one at a time');
    await rig.end('a survey', rig.shows(1, 'a'));
    assert.equal(rig.what, 'a whole');
    await rig.end('a whole', { equal: true });
    for (const _ of [1, 2]) {
      await rig.run('a');
      assert.equal(rig.what, 'a whole', 'it is known');
      await rig.end('a whole', { equal: true });
    }
    rig.sessions.disconnected('a');
    await rig.run('a');
    assert.equal(rig.what, 'a survey', 'it is not known when it comes back');
  });

  it('is a survey where another session runs or lists', async () => {
    const rig = new SessionsRig();
    for (const peer of ['a', 'b']) {
      await rig.run(peer);
      await rig.end(`${peer} survey`, { ...rig.shows(0, 'ours'), equal: true });
    }
    await rig.run('a');
    await rig.run('b');
    assert.equal(rig.what, 'a whole,b survey');
    await rig.end('b survey', { equal: true });
    await rig.end('a whole', { equal: true });
    await rig.due('c', 1);
    await rig.run('b');
    assert.equal(rig.what, 'c whole,b survey');
  });

  it('ends with the survey where that fails, shows nothing, or finds the sets equal', async () => {
    const rig = new SessionsRig();
    for (const change of [
      { error: FAILED },
      { ...rig.shows(1, 'a'), error: FAILED },
      { outlines: null },
      { ...rig.shows(1, 'a', { mode: 'survey' }) },
      { ...rig.shows(1, 'a'), role: 'responder', mode: 'reconcile' },
      { ...rig.shows(0, 'ours'), equal: true },
    ] as const) {
      rig.sessions.disconnected('a');
      await rig.run('a');
      await rig.end('a survey', change);
      assert.equal(rig.what, '');
    }
    await rig.run('a');
    assert.equal(rig.what, 'a whole', 'it is known by the last of them');
  });

  it('is a survey again, three times, where the peer began one that showed nothing', async () => {
    const rig = new SessionsRig();
    await rig.run('a');
    for (let surveys = 1; surveys <= 3; surveys++) {
      await rig.end('a survey', { role: 'responder', mode: 'survey' });
      assert.equal(rig.what, 'a survey', `after ${surveys} surveys`);
    }
    await rig.end('a survey', { role: 'responder', mode: 'survey' });
    assert.equal(rig.what, '');
  });

  it('is only a survey where the peer is ahead and distrusted, and covers everything otherwise', async () => {
    const rig = new SessionsRig();
    rig.unbelieved = 'a';
    await rig.due('a', 1);
    assert.equal(rig.what, '');
    await rig.due('a', 0);
    assert.equal(rig.what, 'a whole', 'it may get what it lacks');
    await rig.end('a whole');
    await rig.run('a');
    assert.equal(rig.what, 'a survey', 'it is known, and not believed');
  });

  it('covers everything at once with a peer that gives or gets nothing, however far ahead it seems', async () => {
    const rig = new SessionsRig();
    rig.oneWay = 'a';
    for (const _ of [1, 2]) {
      await rig.run('a');
      assert.equal(rig.what, 'a whole');
      await rig.end('a whole', rig.shows(10 * FAR, 'a'));
      assert.deepEqual([rig.what, rig.sessions.catchUp], ['', null]);
    }
    const { theirs } = rig.shows(10 * FAR, 'a').outlines!;
    assert.equal(rig.sessions.judge('a', theirs, 0), true, 'its own session settles what there is');
    void rig.sessions.sync('a');
    await rig.clock.advance(0);
    assert.equal(rig.what, 'a whole');
  });

  it('begins a catch-up where the peer is far enough ahead, and not one item less', async () => {
    const rig = new SessionsRig();
    await rig.due('a', FAR - 1);
    assert.deepEqual([rig.what, rig.sessions.catchUp], ['a whole', null]);
    await rig.end('a whole');
    await rig.run('b');
    await rig.end('b survey', rig.shows(FAR, 'b'));
    assert.equal(rig.what, 'b slice');
    assert.equal(rig.sessions.catchingUp, true);
    assert.deepEqual([rig.sessions.overSlice('b'), rig.sessions.overSlice('a')], [true, false]);
    await rig.run('b');
    assert.equal(rig.what, 'b slice', 'it has its part in the catch-up');
    await rig.run('c');
    await rig.end('c survey', rig.shows(0, 'c'));
    assert.equal(rig.what, 'b slice,c whole', 'who is not ahead has none');
    rig.sessions.stop();
    assert.deepEqual([rig.sessions.catchUp, rig.clock.pending], [null, 0]);
  });

  it('continues when a catch-up is over, each time', async () => {
    const rig = new SessionsRig();
    for (const round of [1, 2]) {
      await rig.due('a', FAR);
      await rig.end('a slice');
      for (let i = 0; i < 11; i++) await rig.clock.advance(1_000);
      assert.equal(rig.caughtUp, round - 1);
      await rig.end('a whole');
      assert.deepEqual([rig.caughtUp, rig.sessions.catchUp], [round, null]);
      rig.sessions.disconnected('a');
    }
  });
});

describe('peers with equal sets', () => {
  it('are sources of the items that one of them lists, and get a session when these have arrived', async () => {
    const rig = new SessionsRig();
    await rig.due('a', 3, 'same');
    assert.equal(rig.what, 'a whole');
    await rig.due('b', 3, 'same');
    assert.equal(rig.what, 'a whole', 'b gets none of its own');
    assert.equal(rig.wanted.mirrors('b'), 'a');
    await rig.due('c', 3, 'other');
    assert.equal(rig.what, 'a whole,c whole');
    assert.equal(rig.wanted.mirrors('c'), undefined);
    await rig.due('b', 3, 'same');
    assert.equal(rig.what, 'a whole,c whole,b whole', 'a root is no proof: once is enough');
  });

  it('have no session while items are fetched', async () => {
    const rig = new SessionsRig();
    await rig.due('a', 3, 'same');
    rig.busy = true;
    for (const _ of [1, 2, 3]) {
      await rig.due('b', 3, 'same');
      assert.equal(rig.what, 'a whole');
    }
    rig.busy = false;
    await rig.due('b', 3, 'same');
    assert.equal(rig.what, 'a whole,b whole');
  });

  it('do not list ids twice that are being fetched', async () => {
    const rig = new SessionsRig();
    rig.wanted.add('a', [idOf(1)]);
    await rig.due('a', 3);
    await rig.end('a whole');
    rig.busy = true;
    for (const _ of [1, 2]) {
      await rig.due('a', 3);
      assert.equal(rig.what, '', 'its list is being fetched');
    }
    await rig.due('a', 3, 'more');
    assert.equal(rig.what, 'a whole', 'it has another set by now');
    await rig.end('a whole');
    rig.busy = false;
    await rig.due('a', 3, 'more');
    assert.equal(rig.what, 'a whole', 'nothing is fetched');
  });

  it('are forgotten once all listed items have arrived', async () => {
    const rig = new SessionsRig();
    rig.wanted.add('a', [idOf(1)]);
    rig.wanted.restore([{ id: idOf(2), since: 0, confirmed: true }]);
    await rig.due('a', 3, 'same');
    await rig.end('a whole');
    await rig.due('b', 3, 'same');
    assert.equal(rig.what, '', 'what a listed is still wanted');
    rig.wanted.received(idOf(1));
    rig.sessions.stored([]);
    await rig.due('c', 3, 'same');
    assert.equal(rig.what, 'c whole');
  });

  it('are not forgotten while one of them lists, nor by a survey of it', async () => {
    const rig = new SessionsRig();
    await rig.due('a', 3, 'same');
    rig.sessions.stored([]);
    await rig.due('b', 3, 'same');
    assert.equal(rig.wanted.mirrors('b'), 'a');
    rig.sessions.disconnected('a');
    await rig.due('c', 3, 'same');
    assert.equal(rig.what, 'a whole,c whole', 'who has gone lists nothing');
  });
});

describe('a session that a peer begins', () => {
  const judge = (rig: SessionsRig, peer: string, ahead: number, change = {}): boolean =>
    rig.sessions.judge(peer, outlineOf(10 + ahead, 'same', change), 10);

  it('is answered where it is a survey, or covers a part', async () => {
    const rig = new SessionsRig();
    for (const change of [{ mode: 'survey' }, { whole: false }]) {
      assert.equal(judge(rig, 'a', 10 * FAR, change), true);
    }
    await rig.clock.advance(0);
    assert.equal(rig.what, '');
  });

  it('is answered where the peer counts items that this node does not accept', async () => {
    const rig = new SessionsRig();
    const floor = { ...EVERYTHING, lower: at(5) };
    await rig.run('a');
    const { ours, theirs } = rig.shows(0, 'same').outlines!;
    const outlines = { ours: { ...ours, interval: floor }, theirs: { ...theirs, interval: floor } };
    await rig.end('a survey', { outlines, equal: true });
    const larger = { interval: { ...EVERYTHING, lower: at(4) } };
    assert.equal(judge(rig, 'a', 10 * FAR, larger), true);
    await rig.clock.advance(0);
    assert.equal(rig.what, '');
    assert.equal(
      judge(rig, 'b', 10 * FAR, larger),
      false,
      'no survey has shown how far b is ahead',
    );
    assert.equal(
      judge(rig, 'a', 10 * FAR, { interval: floor }),
      false,
      'it counts what is accepted',
    );
  });

  it('is declined for a survey of ours where the peer is far enough ahead, and not one item less', async () => {
    const rig = new SessionsRig();
    assert.equal(judge(rig, 'a', FAR - 1), true);
    assert.equal(rig.what, '');
    assert.equal(judge(rig, 'b', FAR), false);
    assert.equal(rig.what, 'b survey');
  });

  it('is declined where the peer is ahead and slices are listed', async () => {
    const rig = new SessionsRig();
    await rig.due('a', FAR);
    assert.equal(judge(rig, 'b', 0), true);
    assert.equal(judge(rig, 'b', 1), false);
    assert.equal(rig.what, 'a slice,b survey');
  });

  it('is declined where another one lists the same', async () => {
    const rig = new SessionsRig();
    assert.equal(judge(rig, 'a', 1), true);
    assert.equal(judge(rig, 'b', 1), false);
    assert.equal(rig.wanted.mirrors('b'), 'a');
    assert.equal(judge(rig, 'b', 1), true, 'once');
    const other = new SessionsRig();
    assert.equal(judge(other, 'a', 0), true);
    assert.equal(judge(other, 'b', 1), true, 'who is not ahead lists nothing');
  });

  it("reveals the peer's set once both sides have sent their outlines", async () => {
    const ours = outlineOf(10, 'ours');
    for (const [outlines, lists] of [
      [{ ours, theirs: outlineOf(5, 'same') }, true],
      [{ ours, theirs: outlineOf(5, 'same', { mode: 'survey' }) }, false],
      [{ ours: { ...ours, mode: 'survey' }, theirs: outlineOf(5, 'same') }, false],
      [
        { ours, theirs: outlineOf(5, 'same', { interval: { ...EVERYTHING, upper: at(1) } }) },
        false,
      ],
      [
        {
          ours: { ...ours, interval: { ...EVERYTHING, lower: at(1) } },
          theirs: outlineOf(5, 'same'),
        },
        false,
      ],
      [{ ours: outlineOf(10, 'same'), theirs: outlineOf(10, 'same') }, false],
    ] as const) {
      const rig = new SessionsRig();
      rig.sessions.outlined('a', outlines);
      assert.equal(judge(rig, 'b', 1), !lists);
    }
  });
});

describe('a session on request', () => {
  async function sync(rig: SessionsRig, survey: Parameters<SessionsRig['end']>[1]) {
    const report = rig.sessions.sync('a');
    await rig.end('a survey', survey);
    return report.then((reports) => reports[0]!);
  }

  it('covers everything where the survey shows a difference, on whichever side it began', async () => {
    const rig = new SessionsRig();
    for (const change of [{}, { role: 'responder', mode: 'survey' }] as const) {
      const report = sync(rig, { ...rig.shows(1, 'a'), ...change });
      await rig.clock.advance(0);
      await rig.end('a whole', { missing: 7 });
      assert.equal((await report).missing, 7);
    }
  });

  it('is the survey alone where that is enough', async () => {
    const rig = new SessionsRig();
    for (const change of [
      { error: FAILED },
      { ...rig.shows(1, 'a'), error: FAILED },
      { equal: true },
      { ...rig.shows(1, 'a'), equal: true },
      { outlines: null },
      { ...rig.shows(FAR, 'a'), role: 'responder', mode: 'reconcile', missing: 2 },
    ] as const) {
      const report = await sync(rig, change);
      assert.equal(rig.what, '');
      assert.equal(report.error, 'error' in change ? FAILED : null);
    }
  });

  it('reports the number of missing items where a catch-up will fetch them', async () => {
    const rig = new SessionsRig();
    const report = await sync(rig, rig.shows(FAR, 'a'));
    assert.equal(report.missing, FAR);
    assert.equal(rig.what, 'a slice');
    rig.sessions.stop();
  });
});
