import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rig } from './support.ts';

describe('a catch-up with missing items', () => {
  /** So many seconds, with an item written here in each. */
  async function busySeconds(rig: Rig, seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      rig.write(1);
      await rig.clock.advance(1_000);
    }
  }

  it('has a slice listed by another peer when an id in it is not wanted any more, while others write', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const ids = await rig.list('a', 10);
    rig.store(ids.slice(1));
    rig.wanted.received(ids[0]!);
    assert.ok(rig.idle('b'));
    await busySeconds(rig, 3);
    assert.ok(!rig.idle('b'), 'b lists it');
    await rig.session('b').end();
    await rig.session('a').end();
    for (const peer of ['a', 'b']) await rig.session(peer).end();
    assert.ok(rig.over);
  });

  it('has a slice listed by another peer when no source lists an id in it any more, though it stays wanted', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const ids = await rig.list('a', 10);
    rig.store(ids.slice(1));
    rig.wanted.claim('a', 1);
    rig.wanted.release('a', ids[0]!, { forget: true, keep: true });
    assert.equal(rig.wanted.orphans, 1);
    await busySeconds(rig, 3);
    assert.ok(!rig.idle('b'), 'b lists it');
  });

  it('closes a slice that the floor of this node has passed, and blames no peer', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const error = { code: 'NOTHING_IN_COMMON', message: 'its items are too old' };
    await rig.session('a').end({ error });
    assert.deepEqual(rig.catchUp.progress.slices, { total: 1, closed: 1, checked: 0, givenUp: 0 });
    assert.equal(rig.catchUp.progress.missing, 0);
    for (const peer of ['a', 'b']) await rig.session(peer).end();
    assert.ok(rig.over);
    assert.equal(rig.logged('catch-up-barred').length, 0);
  });

  it('waits for items on their way to the disk', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const ids = await rig.list('a', 1);
    rig.wanted.received(ids[0]!);
    await rig.clock.advance(1_000);
    rig.store(ids);
    assert.deepEqual(rig.catchUp.progress.slices, { total: 1, closed: 0, checked: 0, givenUp: 0 });
    assert.ok(!rig.idle('b'), 'b compares it');
  });

  it('has another peer list the items that one peer does not deliver, while others write', async () => {
    const rig = new Rig(['a', 'b'], 1);
    await rig.list('a', 10);
    await busySeconds(rig, 14);
    assert.ok(rig.idle('b'));
    await busySeconds(rig, 3);
    assert.ok(!rig.idle('b'));
  });

  it('waits as long for slices whose lister delivers another one first', async () => {
    const rig = new Rig(['a', 'b'], 3);
    const first = await rig.list('a', 30);
    const listed = rig.session('b');
    await rig.list('a', 30);
    for (const id of first) {
      rig.store([id]);
      await rig.clock.advance(1_000);
    }
    assert.equal(rig.catchUp.progress.missing, 1_000 + 30);
    await listed.end();
    assert.equal(rig.logged('catch-up-barred').length, 0);
  });

  it('waits longer for large items, and blames no peer while fetching is paused', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const ids = await rig.list('a', 2);
    for (const id of ids) rig.wanted.enlarge(id, { peer: 'a', bytes: 1_048_576 });
    await busySeconds(rig, 100);
    assert.ok(rig.idle('b'));
    rig.fetcher.paused = { code: 'PAUSED', message: 'paused' };
    await busySeconds(rig, 200);
    assert.ok(rig.idle('b'));
    rig.fetcher.paused = null;
    await busySeconds(rig, 130);
    assert.ok(!rig.idle('b'));
  });

  it('continues without a peer whose listed items do not arrive, repeatedly', async () => {
    const rig = new Rig(['a', 'b'], 6);
    for (let times = 0; times < 3; times++) {
      await rig.list('a', 10);
      assert.ok(rig.catchUp.takes('a'));
      await busySeconds(rig, 17);
    }
    assert.ok(!rig.catchUp.takes('a'));
    const [line] = rig.logged('catch-up-barred');
    assert.equal(line!.peer, 'a');
    while (!rig.over) await rig.session('b').end();
    assert.ok(rig.catchUp.progress.slices.closed === 6);
  });

  it('continues at once without a peer that is not believed', async () => {
    const rig = new Rig(['a', 'b'], 3);
    await rig.list('a', 10);
    rig.catchUp.disbelieved('a');
    assert.ok(!rig.catchUp.takes('a'));
    assert.equal(rig.logged('catch-up-barred').length, 1);
    while (!rig.over) await rig.session('b').end();
    assert.equal(rig.catchUp.progress.slices.closed, 3);
  });

  it('makes the peer that found an omission deliver it, not the peer that omitted it', async () => {
    const rig = new Rig(['a', 'b'], 1);
    rig.store(await rig.list('a', 10));
    await rig.list('b', 5);
    await busySeconds(rig, 17);
    assert.ok(!rig.idle('a'), 'a lists it once more');
    assert.ok(rig.idle('b'));
  });
});

describe('the progress of a catch-up', () => {
  it('counts listed items, and marks claims of peers as estimates', async () => {
    const rig = new Rig(['a'], 2);
    rig.write(500);
    assert.deepEqual(told(rig), { stored: 0, missing: 2_000, estimated: true });
    const first = await rig.list('a', 30);
    assert.deepEqual(told(rig), { stored: 0, missing: 1_030, estimated: true });
    rig.store(first.slice(0, 10));
    rig.write(7);
    await rig.list('a', 5);
    assert.deepEqual(told(rig), { stored: 10, missing: 25, estimated: false });
  });

  function told({ catchUp }: Rig) {
    const { stored, missing, estimated } = catchUp.progress;
    return { stored, missing, estimated };
  }
});

describe('a catch-up with a peer that is slow', () => {
  async function untilClosing(rig: Rig, peers: readonly string[]): Promise<void> {
    rig.store(await rig.list(peers[0]!, 10));
    for (const peer of peers.slice(1, 2)) await rig.session(peer).end();
    assert.equal(rig.catchUp.progress.phase, 'closing');
  }

  it('lets a member go once its session over everything has ended', async () => {
    const rig = new Rig(['a', 'b', 'c'], 1);
    await untilClosing(rig, ['a', 'b', 'c']);
    assert.ok(rig.catchUp.closing);
    await rig.session('a').end();
    await rig.session('b').end();
    assert.deepEqual(
      ['a', 'b', 'c'].map((peer) => rig.catchUp.takes(peer)),
      [false, false, true],
    );
    assert.ok(!rig.over);
    await rig.session('c').end();
    assert.ok(rig.over);
    assert.equal(rig.logged('catch-up-ended')[0]!.msg, 'caught up');
  });

  it('does not treat a failed session as a proof', async () => {
    const rig = new Rig(['a', 'b'], 1);
    await untilClosing(rig, ['a', 'b']);
    const error = { code: 'TIMEOUT', message: 'it took too long' };
    await rig.session('a').end({ error });
    await rig.session('b').end();
    const [line] = rig.logged('catch-up-ended');
    assert.deepEqual([line!.compared, line!.uncompared], [1, 1]);
    assert.match(`${line!.msg}`, /whose session at the end did not fail/);
  });

  it('claims no result when no closing session succeeded', async () => {
    const rig = new Rig(['a', 'b'], 1);
    await untilClosing(rig, ['a', 'b']);
    const error = { code: 'TIMEOUT', message: 'it took too long' };
    for (const peer of ['a', 'b']) await rig.session(peer).end({ error });
    assert.match(`${rig.logged('catch-up-ended')[0]!.msg}`, /no peer was left to compare/);
  });

  it('separates slices that no peer could deliver from stored ones', async () => {
    const rig = new Rig(['a', 'b', 'c', 'd', 'e'], 1);
    for (const peer of ['a', 'b', 'a', 'b', 'a']) {
      for (const id of await rig.list(peer, 1)) rig.wanted.received(id);
      await rig.clock.advance(2_000);
    }
    assert.deepEqual(rig.catchUp.progress.slices, { total: 1, closed: 1, checked: 0, givenUp: 1 });
    for (const peer of ['a', 'b', 'c', 'd', 'e']) await rig.session(peer).end();
    assert.match(`${rig.logged('catch-up-ended')[0]!.msg}`, /but for what no peer could bring/);
  });

  it('gives the slice of a slow session to an idle peer', async () => {
    const rig = new Rig(['a', 'b'], 1);
    const slow = rig.session('a');
    await rig.clock.advance(59_000);
    assert.ok(rig.idle('b'));
    await rig.clock.advance(3_000);
    assert.ok(!rig.catchUp.takes('a'));
    assert.ok(rig.catchUp.works('a'), 'its session still runs');
    await rig.session('b').end();
    await rig.session('b').end();
    assert.ok(rig.over, 'the catch-up does not wait for it');
    await slow.end();
  });

  it('is patient where no other peer is idle', async () => {
    const rig = new Rig(['a'], 2);
    await rig.clock.advance(120_000);
    assert.ok(rig.catchUp.takes('a'));
  });
});
