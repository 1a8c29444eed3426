import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILED } from '../support.ts';
import { Rig, surveyOf } from './support.ts';

/** One slice that `a` has listed, and that is here. */
async function untilChecked(peers: readonly string[]): Promise<Rig> {
  const rig = new Rig(peers, 1);
  rig.store(await rig.list(peers[0]!, 10));
  return rig;
}

/** What a session reports in which the peer put off what differs. */
function declining(peer: string) {
  const outlines = surveyOf(peer, 1).outlines!;
  return { outlines: { ...outlines, theirs: { ...outlines.theirs, mode: 'survey' as const } } };
}

describe('the log of a catch-up', () => {
  it('has its progress, from its beginning to its end', async () => {
    const rig = new Rig(['a', 'b'], 3);
    const [begun] = rig.logged('catch-up-begun');
    assert.deepEqual([begun!.peer, begun!.missing, begun!.slices], ['a', 3_000, 3]);
    const { startedAt } = rig.catchUp.progress;
    assert.equal(startedAt, rig.clock.now());
    assert.deepEqual(rig.catchUp.progress, {
      startedAt,
      phase: 'slices',
      stored: 0,
      missing: 3_000,
      estimated: true,
      slices: { total: 3, closed: 0, checked: 0, givenUp: 0 },
      peers: 2,
      itemsPerSecond: null,
      secondsLeft: null,
    });
    const ids = [...(await rig.list('a', 10)), ...(await rig.list('b', 10))];
    await rig.clock.advance(4_000);
    rig.store(ids.slice(0, 12));
    const { stored, missing, itemsPerSecond, secondsLeft } = rig.catchUp.progress;
    assert.deepEqual([stored, missing, itemsPerSecond], [12, 1_008, 3]);
    assert.equal(secondsLeft, 336);
    rig.store(ids);
    rig.store(await rig.list('a', 0));
    while (rig.catchUp.progress.phase === 'slices') {
      for (const peer of ['a', 'b']) if (!rig.idle(peer)) await rig.session(peer).end();
    }
    const { slices, peers, secondsLeft: none } = rig.catchUp.progress;
    assert.deepEqual(slices, { total: 3, closed: 3, checked: 3, givenUp: 0 });
    assert.deepEqual([peers, none, rig.catchUp.closing], [2, null, true]);
  });

  it('has the rate of the last seconds, sampled once a second', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const ids = await rig.list('a', 40);
    for (let second = 0; second < 20; second++) {
      if (second < 8) rig.store(ids.splice(0, 5));
      await rig.clock.advance(1_000);
    }
    assert.equal(rig.catchUp.progress.itemsPerSecond, 0, 'nothing has come for ten seconds');
  });

  it('has an omission where a second peer shows more, and none where it shows no more', async () => {
    for (const missing of [0, 1]) {
      const rig = await untilChecked(['a', 'b']);
      await rig.list('b', missing);
      const lines = rig.logged('slice-incomplete');
      assert.equal(lines.length, missing);
      if (missing === 0) continue;
      assert.deepEqual([lines[0]!.peer, lines[0]!.lister, lines[0]!.missing], ['b', 'a', 1]);
    }
  });

  it('names the peers whose closing session succeeded, and those whose did not', async () => {
    const rig = await untilChecked(['a', 'b', 'c', 'd']);
    await rig.session('b').end();
    await rig.session('a').end({ missing: 1 });
    await rig.session('b').end({ error: FAILED });
    await rig.session('c').end(declining('c'));
    assert.equal(rig.over, false);
    rig.catchUp.end();
    assert.equal(rig.over, true);
    const [line] = rig.logged('catch-up-ended');
    assert.deepEqual([line!.compared, line!.uncompared], [1, 3], 'that of d still runs');
    assert.deepEqual(
      rig.logged('catch-up-closing').map(({ peer, missing }) => [peer, missing]),
      [
        ['a', 1],
        ['b', 0],
        ['c', 0],
      ],
    );
  });

  it('has no further line once it is over', async () => {
    const rig = await untilChecked(['a', 'b']);
    await rig.session('b').end();
    const session = rig.session('a');
    rig.catchUp.end();
    assert.equal(rig.clock.pending, 0);
    await session.end();
    const [line] = rig.logged('catch-up-ended');
    assert.deepEqual([line!.compared, line!.uncompared], [0, 2]);
    assert.equal(rig.logged('catch-up-ended').length, 1);
  });
});

describe('a peer that goes and comes back while a catch-up closes', () => {
  it('is not waited for, and its old session does not count as its new one', async () => {
    const rig = await untilChecked(['a', 'b']);
    await rig.session('b').end();
    const old = rig.session('a');
    rig.catchUp.left('a');
    rig.catchUp.join(surveyOf('a', 1));
    assert.equal(rig.begun('a'), 2);
    await old.end();
    assert.equal(rig.catchUp.takes('a'), true, 'its new session still runs');
    await rig.session('b').end();
    assert.equal(rig.over, false);
    await rig.session('a').end();
    assert.equal(rig.over, true);
  });

  it('loses the result of its earlier session', async () => {
    const rig = new Rig(['a', 'b'], 2);
    const old = rig.session('a');
    rig.catchUp.left('a');
    await rig.session('b').end();
    assert.equal(rig.begun('b'), 1, 'b lists what a was to list');
    await old.end();
    assert.equal(rig.catchUp.progress.estimated, true, 'b is still listing it');
    await rig.session('b').end();
    assert.equal(rig.catchUp.progress.estimated, false);
  });

  it('is not blamed for the end of its earlier session', async () => {
    const rig = new Rig(['a', 'b'], 3);
    const old = rig.session('a');
    rig.catchUp.left('a');
    rig.catchUp.join(surveyOf('a', 3));
    await old.end({ error: FAILED });
    assert.equal(rig.begun('a'), 1, 'what an old session shows is not taken');
    assert.equal(rig.catchUp.takes('a'), true);
  });
});

describe('an item that arrives while no peer lists', () => {
  it('is not counted to a slice', async () => {
    const rig = await untilChecked(['a', 'b']);
    await rig.session('b').end();
    assert.equal(rig.catchUp.closing, true);
    rig.catchUp.learnt('a', [new Uint8Array(32)]);
    rig.catchUp.learnt('never here', [new Uint8Array(32)]);
    assert.deepEqual([rig.catchUp.progress.missing, rig.catchUp.closing], [0, true]);
  });
});
