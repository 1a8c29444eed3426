import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bytesToKey } from '../../../../src/store/index.ts';
import type { Streamed } from './support.ts';
import { Rig } from './support.ts';

/** A catch-up from peers that all stream. */
function rigOf(peers: readonly string[], parts: number): Rig {
  const rig = new Rig([], parts);
  for (const peer of peers) rig.streaming.add(peer);
  rig.begin(peers, parts);
  return rig;
}

function streamOf(rig: Rig, peer: string): Streamed {
  const found = rig.streams.find((one) => one.peer === peer);
  assert.ok(found !== undefined, `${peer} streams nothing`);
  return found;
}

function ranges(rig: Rig): string[] {
  return rig.streams.map(({ peer, lower, upper }) => `${peer} ${lower.hint}-${upper.hint}`);
}

describe('a catch-up from peers that stream', () => {
  it('has each peer stream slices, and a second peer check each', async () => {
    const rig = rigOf(['a', 'b'], 3);
    assert.deepEqual(ranges(rig), ['a 0-100', 'b 100-200']);
    streamOf(rig, 'a').came(1_000);
    await streamOf(rig, 'a').end();
    assert.equal(streamOf(rig, 'a').lower.hint, 200n);
    await streamOf(rig, 'b').end();
    const check = rig.session('b');
    assert.deepEqual([check.scope.interval?.lower.hint, check.scope.mode], [0n, 'reconcile']);
  });

  it('counts items as they come, and estimates those that are missing', async () => {
    const rig = rigOf(['a'], 2);
    assert.deepEqual([rig.catchUp.progress.missing, rig.catchUp.progress.estimated], [2_000, true]);
    streamOf(rig, 'a').came(300);
    streamOf(rig, 'a').came(300);
    const { missing, stored } = rig.catchUp.progress;
    assert.deepEqual([missing, stored], [1_400, 600]);
    await streamOf(rig, 'a').end();
    assert.deepEqual([rig.catchUp.progress.missing, rig.catchUp.progress.stored], [1_000, 600]);
  });

  it('keeps the parts that came where a stream breaks, and gives the rest to another peer', async () => {
    const rig = rigOf(['a', 'b'], 2);
    await streamOf(rig, 'b').end();
    await streamOf(rig, 'a').end({ end: { hint: 40n, id: null }, outcome: 'failed' });
    assert.equal(rig.session('b').scope.interval?.upper.hint, 40n, 'b checks the part of a');
    await rig.session('a').end();
    assert.equal(rig.idle('a'), true, 'a does not go on where it failed');
    await rig.session('b').end();
    assert.deepEqual(ranges(rig), ['b 40-100']);
  });

  it('has a session find the difference where items do not match the index', async () => {
    const rig = rigOf(['a', 'b'], 2);
    await streamOf(rig, 'a').end({ end: { hint: 0n, id: null }, outcome: 'mismatch' });
    await streamOf(rig, 'b').end();
    assert.deepEqual(ranges(rig), []);
    assert.equal(rig.session('b').scope.interval?.lower.hint, 0n);
    const later = rigOf(['a'], 1);
    await streamOf(later, 'a').end({ end: { hint: 40n, id: null }, outcome: 'mismatch' });
    assert.deepEqual([ranges(later), later.begun('a')], [[], 1], 'also after a part');
  });

  it('lists a slice whose items the store refused, so that none comes twice', async () => {
    const rig = rigOf(['a'], 1);
    await streamOf(rig, 'a').end({ end: { hint: 0n, id: null }, refused: true });
    assert.deepEqual([ranges(rig).length, rig.begun('a')], [0, 1]);
    const later = rigOf(['a'], 1);
    await streamOf(later, 'a').end({ end: { hint: 40n, id: null }, refused: true });
    assert.deepEqual([ranges(later).length, later.begun('a')], [0, 1]);
  });

  it('bars no peer whose streams end because the store takes no more', async () => {
    const rig = rigOf(['a', 'b'], 12);
    for (let i = 0; i < 3; i++) {
      const { lower } = streamOf(rig, 'a');
      await streamOf(rig, 'a').end({ end: lower, outcome: 'failed', refused: true });
    }
    assert.equal(rig.catchUp.takes('a'), true);
    for (let i = 0; i < 3; i++) {
      const { lower } = streamOf(rig, 'a');
      await streamOf(rig, 'a').end({ end: lower, outcome: 'failed' });
    }
    assert.equal(rig.catchUp.takes('a'), false, 'its own failures count');
  });

  it('ends a stream that names more long items than may be wanted, and goes on when they came', async () => {
    const rig = new Rig([], 2, { maxPending: 3 });
    rig.streaming.add('a');
    rig.begin(['a'], 2);
    const { signal, end } = streamOf(rig, 'a');
    const ids = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
    rig.catchUp.learnt('a', ids.slice(0, 2));
    assert.equal(signal.aborted, false);
    rig.catchUp.learnt('a', ids.slice(2));
    assert.equal(signal.aborted, true);
    await end({ end: { hint: 40n, id: null }, outcome: 'failed' });
    assert.deepEqual(ranges(rig), []);
    rig.catchUp.stored(ids.map(bytesToKey));
    assert.equal(ranges(rig).length, 1);
  });

  it('asks a peer no more after a wrong frame', async () => {
    const rig = rigOf(['a', 'b'], 4);
    const { lower } = streamOf(rig, 'a');
    await streamOf(rig, 'a').end({ end: lower, outcome: 'invalid' });
    assert.equal(rig.catchUp.takes('a'), false);
    assert.deepEqual(
      rig.logged('catch-up-barred').map(({ reason }) => reason),
      ['what it streams is wrong'],
    );
  });

  it('asks a peer no more after three streams in a row that break', async () => {
    const rig = rigOf(['a'], 8);
    const breaks = (hint: bigint) =>
      streamOf(rig, 'a').end({ end: { hint, id: null }, outcome: 'failed' });
    await breaks(20n);
    await breaks(40n);
    await streamOf(rig, 'a').end();
    for (const hint of [150n, 175n, 185n]) {
      assert.equal(rig.catchUp.takes('a'), true);
      await breaks(hint);
    }
    assert.equal(rig.catchUp.takes('a'), false);
  });

  it('ends the stream of a peer that leaves, and keeps what came of it', async () => {
    const rig = rigOf(['a', 'b'], 2);
    const stream = streamOf(rig, 'a');
    rig.catchUp.left('a');
    assert.equal(stream.signal.aborted, true);
    await streamOf(rig, 'b').end();
    assert.deepEqual(ranges(rig), ['a 0-100'], 'it has not ended yet');
    await stream.end({ end: { hint: 60n, id: null }, outcome: 'failed' });
    assert.equal(rig.session('b').scope.interval?.upper.hint, 60n, 'b checks the part of a');
    await rig.session('b').end();
    assert.deepEqual(ranges(rig), ['b 60-100']);
  });

  it('ends a stream after a minute where another peer has nothing to do', async () => {
    const rig = rigOf(['a', 'b'], 2);
    await streamOf(rig, 'b').end();
    const stream = streamOf(rig, 'a');
    await rig.clock.advance(58_000);
    assert.equal(stream.signal.aborted, false);
    await rig.clock.advance(3_000);
    assert.equal(stream.signal.aborted, true);
    await stream.end({ end: { hint: 60n, id: null }, outcome: 'failed' });
    assert.equal(rig.catchUp.takes('a'), true, 'it is slow, and does nothing wrong');
    await rig.session('b').end();
    assert.deepEqual(ranges(rig), ['b 60-100']);
  });

  it('ends all streams when it stops', () => {
    const rig = rigOf(['a', 'b'], 2);
    rig.catchUp.stop();
    assert.ok(rig.streams.every(({ signal }) => signal.aborted));
  });

  it('waits for items that a stream named, because they are too long for it', async () => {
    const rig = rigOf(['a', 'b'], 1);
    const ids = [new Uint8Array(32).fill(1)];
    rig.wanted.add('a', ids);
    rig.catchUp.learnt('a', ids);
    await streamOf(rig, 'a').end();
    assert.equal(rig.idle('b'), true, 'the slice is not stored yet');
    rig.store(ids);
    assert.equal(rig.begun('b'), 1);
  });
});
