import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SourceRoots, Wants } from '../../../src/protocol/reconciliation-set/testing.ts';

describe('SourceRoots', () => {
  it('shares a list among all ids with the same peers, in their order', () => {
    const roots = new SourceRoots();
    const list = roots.root(0, false).with('ann').with('bob');
    assert.equal(roots.root(59_999, false).with('ann').with('bob'), list);
    assert.notEqual(roots.root(0, false).with('bob').with('ann'), list);
    assert.deepEqual(list.peers, ['ann', 'bob']);
    assert.deepEqual([list.has('ann'), list.has('bob'), list.has('cyd')], [true, true, false]);
  });

  it('remembers the time to a minute, and confirmed ids apart', () => {
    const roots = new SourceRoots();
    const first = roots.root(119_999, false);
    assert.equal(first.since, 60_000);
    assert.equal(roots.root(120_000, false).since, 120_000);
    assert.notEqual(roots.root(119_999, true), first);
    assert.deepEqual([first.confirmed, roots.root(119_999, true).confirmed], [false, true]);
  });

  it('knows whether an id may be older than the moment of its kind, at that moment and past it', () => {
    const roots = new SourceRoots();
    assert.equal(roots.reachBefore(1e15, 1e15), false, 'there is none');
    roots.root(60_000, true);
    assert.equal(roots.reachBefore(1e15, 60_000), false, 'a confirmed id has its own moment');
    assert.equal(roots.reachBefore(0, 60_001), true);
    roots.root(60_000, false);
    assert.equal(roots.reachBefore(60_000, 0), false);
    assert.equal(roots.reachBefore(60_001, 0), true);
  });
});

describe('Wants', () => {
  function made(delivered: (peer: string) => boolean = () => true): Wants {
    const wants = new Wants(delivered);
    for (const key of ['x', 'y', 'z']) {
      wants.begin(key, 0);
      wants.list('ann', key);
    }
    wants.list('bob', 'y');
    return wants;
  }

  it('tells whether another peer lists a removed id', () => {
    const wants = made();
    assert.equal(wants.unlist('ann', 'x'), false);
    assert.equal(wants.unlist('ann', 'y'), true);
    assert.deepEqual([wants.isListed('ann', 'y'), wants.isListed('bob', 'y')], [false, true]);
    assert.equal(wants.ids.get('y')!.confirmed, true);
  });

  it('removes a whole list at once, returns the ids that no other peer lists, and keeps lists shared', () => {
    const wants = made();
    const before = wants.ids.get('x');
    assert.deepEqual(wants.unlistAll('ann'), ['x', 'z']);
    assert.equal(wants.ids.get('x'), wants.ids.get('z'));
    assert.deepEqual(wants.ids.get('y')!.peers, ['bob']);
    wants.list('ann', 'x');
    assert.notEqual(wants.ids.get('x'), before, 'lists of before are let go');
  });

  it('frees its lists once no id is wanted', () => {
    const wants = made();
    const list = wants.ids.get('x');
    for (const key of ['x', 'y']) wants.remove(key);
    wants.begin('x', 0);
    wants.list('ann', 'x');
    assert.equal(wants.ids.get('x'), list, 'one id has it still');
    for (const key of ['x', 'z']) wants.remove(key);
    wants.begin('x', 0);
    wants.list('ann', 'x');
    assert.notEqual(wants.ids.get('x'), list);
  });

  it('forgets lengths with the id, or with the peer that stated them', () => {
    const wants = made();
    for (const [key, peer] of [
      ['x', 'ann'],
      ['y', 'bob'],
      ['z', 'ann'],
    ] as const)
      wants.say(key, { peer, bytes: 9 });
    assert.equal(wants.lengths.size, 3);
    wants.remove('x');
    assert.deepEqual([wants.lengths.size, wants.lengths.get('x')?.bytes], [2, undefined]);
    assert.deepEqual(wants.unsay('ann'), ['z']);
    assert.deepEqual(
      [wants.lengths.size, wants.lengths.get('z')?.bytes, wants.lengths.get('y')?.bytes],
      [1, undefined, 9],
    );
  });

  it('finds ids that were wanted before a given time, another for confirmed ids', () => {
    const wants = made();
    wants.begin('late', 60_000);
    assert.deepEqual(wants.wantedBefore(0, 0), []);
    assert.deepEqual(wants.wantedBefore(60_000, 0), ['x', 'z']);
    assert.deepEqual(wants.wantedBefore(60_001, 0), ['x', 'z', 'late']);
    assert.deepEqual(wants.wantedBefore(0, 1), ['y']);
  });

  it('has an id confirmed by two peers that have delivered, even if one of them leaves later', () => {
    const proven = new Set<string>();
    const wants = made((peer) => proven.has(peer));
    const confirmed = (): boolean => wants.want('y')!.confirmed;
    assert.equal(confirmed(), false, 'neither has delivered');
    proven.add('ann');
    assert.equal(confirmed(), false, 'one has');
    proven.add('bob');
    assert.equal(confirmed(), true);
    wants.unlist('ann', 'y');
    proven.clear();
    assert.equal(confirmed(), true);
    assert.equal(wants.ids.get('y')!.since, 0);
  });
});
