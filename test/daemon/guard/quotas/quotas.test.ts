import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { guardOf, QuotaCheck, sourceOf } from '../../../../src/daemon/guard/index.ts';
import { DEFAULT_QUOTA_OPTIONS, type QuotaOptions } from '../../../../src/daemon/guard/options.ts';
import {
  type ArrivalEntry,
  type Replica,
  storedBytes,
  type VerifiedItem,
} from '../../../../src/store/index.ts';
import { MemorySet } from '../../../store/replica/in-memory.ts';
import { settle, type VirtualClock } from '../../../support/clock.ts';
import { itemOf } from '../../replicator/support.ts';
import { counted, from, open } from './support.ts';

describe('a quota', () => {
  it('of items for a peer holds at its bound, and concerns no other peer and no put here', async (t) => {
    const { bring, guard, replica, check } = await open(t, new MemorySet(), { peerItems: 3 });
    assert.deepEqual(await bring(from('a'), 1, 2), []);
    assert.equal(guard.takesFrom('a'), true);
    assert.deepEqual(await bring(from('a'), 3, 4), ['PEER_QUOTA'], 'together');
    assert.equal(guard.takesFrom('a'), false);
    assert.deepEqual(await bring(from('a', 'x'), 5), ['PEER_QUOTA'], 'pushed too');
    assert.equal(guard.refusalOf({ ...itemOf(5), bytes: 1 }, from('a'))?.code, 'PEER_QUOTA');
    assert.deepEqual([await bring(from('b'), 5), guard.takesFrom('b')], [[], true]);
    const here = { via: 'http', peer: null, publisher: null } as const;
    assert.equal(guard.judge([itemOf(6)], here), null);
    assert.deepEqual(await bring(from('b'), 6), []);
    assert.equal(check.used({ kind: 'peer', id: 'b' }).items, 2, 'what was not put is no item yet');
    assert.equal(replica.size, 5);
    assert.equal(check.used({ kind: 'peer', id: 'a' }).items, 3);
  });

  it('of bytes for a peer counts what its items take on disk', async (t) => {
    const each = storedBytes(1, itemOf(1).payload.length);
    const rig = await open(t, new MemorySet(), { peerBytes: 2 * each });
    assert.deepEqual(await rig.bring(from('a'), 1, 2), []);
    assert.deepEqual(await rig.bring(from('a'), 3), ['PEER_QUOTA']);
    assert.equal(rig.guard.takesFrom('a'), false);
    const less = await open(t, new MemorySet(), { peerBytes: 2 * each - 1 });
    assert.deepEqual(await less.bring(from('a'), 1), []);
    assert.equal(less.guard.takesFrom('a'), true);
    assert.deepEqual(await less.bring(from('a'), 2), ['PEER_QUOTA']);
    assert.equal(less.guard.takesFrom('a'), false, 'though an empty item would fit');
  });

  it('does not bar a peer for an item that is above the whole quota, which stays refused', async (t) => {
    const { bring, guard } = await open(t, new MemorySet(), { peerBytes: storedBytes(1, 5) });
    const long = itemOf(1, 6);
    const [refusal] = (await guard.judge([long], from('a')))!;
    assert.deepEqual([refusal?.code, refusal?.lasting], ['PEER_QUOTA', true]);
    assert.deepEqual([guard.takesFrom('a'), await bring(from('a'), 2)], [true, []]);
    const [further] = (await guard.judge([itemOf(3)], from('a')))!;
    assert.deepEqual([further?.lasting, guard.takesFrom('a')], [false, false]);
  });

  it('for a publisher counts its pushed items, whichever peer passes them on', async (t) => {
    const { bring, guard } = await open(t, new MemorySet(), { publisherItems: 2 });
    assert.deepEqual([await bring(from('a', 'x'), 1), await bring(from('b', 'x'), 2)], [[], []]);
    assert.deepEqual(await bring(from('c', 'x'), 3), ['PUBLISHER_QUOTA']);
    assert.deepEqual(await bring(from('a', 'y'), 3), []);
    assert.equal(guard.takesFrom('a'), true, 'its other items are taken');
  });

  it('counts items on their way to the disk, and lets go of those that do not get there', async (t) => {
    const { bring, guard, check } = await open(t, new MemorySet(), { peerItems: 2 });
    const both = [bring(from('a'), 1, 2), bring(from('a'), 3)];
    assert.deepEqual(await Promise.all(both), [[], ['PEER_QUOTA']]);
    assert.deepEqual(await bring(from('b'), 1), [], 'it is here already');
    assert.deepEqual(await bring(from('b'), 4, 5), []);
    assert.deepEqual(check.used({ kind: 'peer', id: 'b' }).items, 2);
    assert.equal(guard.takesFrom('b'), false);
  });

  it('holds after a restart, when all that is on disk has been counted', async (t) => {
    const set = new MemorySet();
    const quotas = { peerItems: 2, publisherItems: 1 };
    const first = await open(t, set, quotas);
    await first.bring(from('a', 'x'), 1);
    await first.bring(from('a'), 2);
    await first.replica.close();
    const { bring, guard } = await open(t, set, quotas);
    assert.equal(guard.takesFrom('a'), false);
    assert.deepEqual(await bring(from('a'), 3), ['PEER_QUOTA']);
    assert.deepEqual(await bring(from('b', 'x'), 3), ['PUBLISHER_QUOTA']);
    assert.deepEqual(await bring(from('b'), 3), []);
  });

  it('that is set or changed at run time counts what came before', async (t) => {
    const set = new MemorySet();
    const { bring, check, guard } = await open(t, set, {});
    assert.deepEqual(await bring(from('a'), 1, 2, 3), []);
    check.change({ ...DEFAULT_QUOTA_OPTIONS, peerItems: 2 });
    assert.equal(guard.takesFrom('a'), true, 'nothing is refused before it is counted');
    assert.deepEqual(await bring(from('b'), 6, 7, 8), []);
    await counted(set.clock);
    assert.deepEqual(await bring(from('a'), 4), ['PEER_QUOTA']);
    check.change({ ...DEFAULT_QUOTA_OPTIONS, peerItems: 4 });
    assert.equal(guard.takesFrom('a'), true, 'it is full no more');
    assert.deepEqual([await bring(from('a'), 4), guard.takesFrom('a')], [[], false]);
    check.change(DEFAULT_QUOTA_OPTIONS);
    assert.deepEqual([await bring(from('a'), 5), guard.takesFrom('a')], [[], true]);
    assert.equal(set.clock.pending, 0);
  });

  it('keeps the peer as the source of a pushed item, with its publisher', async (t) => {
    const { bring, replica } = await open(t, new MemorySet(), {});
    await bring(from('a', 'x'), 1);
    assert.equal((await replica.arrivalOf(itemOf(1).id))?.source, 'a/x');
  });
});

/** A set of which a test says what lies in it. */
class HandSet {
  entries: ArrivalEntry[] = [];
  reads = 0;
  broken = false;
  #committed: (added: readonly VerifiedItem[]) => void = () => undefined;

  get size(): number {
    return this.entries.length;
  }

  get lastArrival(): number {
    return this.entries.at(-1)?.seq ?? 0;
  }

  add(peer: string, ...numbers: number[]): void {
    for (const number of numbers) {
      const { hint } = itemOf(number);
      const id = new Uint8Array(itemOf(number).id);
      const source = sourceOf({ peer, publisher: null });
      this.entries.push({ seq: this.lastArrival + 1, at: 1, hint, id, bytes: 5, source });
    }
    this.#committed(numbers.map((number) => itemOf(number)));
  }

  arrivals(since: number) {
    if (since === 0) this.reads++;
    if (this.broken) return Promise.reject(new Error('it is built again'));
    const entries = this.entries.filter(({ seq }) => seq > since).slice(0, 2);
    return Promise.resolve({ epoch: '0', last: this.lastArrival, entries });
  }

  onCommit(listener: (added: readonly VerifiedItem[]) => void): () => void {
    this.#committed = listener;
    return () => undefined;
  }
}

describe('the count of a quota', () => {
  const start = (
    set: HandSet,
    clock: VirtualClock,
    quotas: Partial<QuotaOptions> = {},
  ): QuotaCheck =>
    new QuotaCheck({
      replica: set as unknown as Replica,
      clock,
      logger: pino({ level: 'silent' }),
      options: { ...DEFAULT_QUOTA_OPTIONS, peerItems: 100, ...quotas },
    });
  const items = (check: QuotaCheck): number => check.used({ kind: 'peer', id: 'a' }).items;

  it('is taken again once items have left the set, and not otherwise', async () => {
    const { clock } = new MemorySet();
    const set = new HandSet();
    set.add('a', 1, 2, 3, 4, 5);
    const check = start(set, clock);
    await counted(clock);
    assert.deepEqual([items(check), set.reads], [5, 1]);
    await clock.advance(60_000);
    assert.equal(set.reads, 1);
    set.entries.splice(0, 3);
    await clock.advance(30_000);
    await counted(clock);
    assert.deepEqual([items(check), set.reads], [2, 2]);
    await clock.advance(60_000);
    assert.equal(set.reads, 2);
    set.add('b', 6, 7, 8);
    set.entries.splice(0, 1);
    await clock.advance(30_000);
    await counted(clock);
    assert.deepEqual([items(check), set.reads], [1, 3], 'though it is larger than before');
    check.stop();
    assert.equal(clock.pending, 0);
  });

  it('waits for a sixteenth of the set to leave, or for an hour: the whole order is read', async () => {
    const { clock } = new MemorySet();
    const set = new HandSet();
    set.add('a', ...Array.from({ length: 32 }, (_, i) => i));
    const check = start(set, clock);
    await counted(clock);
    set.entries.splice(0, 1);
    for (let look = 0; look < 100; look++) await clock.advance(30_000);
    assert.deepEqual([items(check), set.reads], [32, 1]);
    for (let look = 0; look < 20; look++) await clock.advance(30_000);
    await counted(clock);
    assert.deepEqual([items(check), set.reads], [31, 2]);
    set.entries.splice(0, 1);
    await clock.advance(30_000);
    assert.equal(set.reads, 2);
    set.entries.splice(0, 1);
    await clock.advance(30_000);
    await counted(clock);
    assert.deepEqual([items(check), set.reads], [29, 3]);
    check.stop();
  });

  it('opens a full peer again once its items have left the set', async () => {
    const { clock } = new MemorySet();
    const set = new HandSet();
    set.add('a', 1, 2);
    const check = start(set, clock, { peerBytes: 2 * storedBytes(1, 5) + storedBytes(1, 0) });
    await counted(clock);
    assert.equal(check.takesFrom('a'), true);
    const key = { ...itemOf(3), bytes: 5 };
    assert.equal(check.refusalOf(key, from('a'))?.code, 'PEER_QUOTA');
    assert.equal(check.takesFrom('a'), false);
    set.entries.splice(0, 1);
    await clock.advance(30_000);
    await counted(clock);
    assert.equal(check.takesFrom('a'), true);
    check.stop();
  });

  it('is tried again where the order of arrival cannot be read, and refuses nothing until then', async () => {
    const { clock } = new MemorySet();
    const set = new HandSet();
    set.broken = true;
    set.add('a', ...Array.from({ length: 100 }, (_, i) => i));
    const check = start(set, clock);
    await counted(clock);
    assert.equal(check.takesFrom('a'), true);
    set.broken = false;
    await clock.advance(30_000);
    for (let i = 0; i < 4; i++) await counted(clock);
    assert.equal(check.takesFrom('a'), false);
    check.stop();
  });

  it('counts an item that comes while it is read once', async () => {
    const { clock } = new MemorySet();
    const set = new HandSet();
    set.add('a', 1, 2, 3);
    const check = start(set, clock);
    await settle();
    assert.equal(guardOf([check]).judge([itemOf(4)], from('a')), null);
    set.add('a', 4);
    check.settled([itemOf(4)]);
    await counted(clock);
    assert.equal(items(check), 4);
    check.stop();
  });
});
