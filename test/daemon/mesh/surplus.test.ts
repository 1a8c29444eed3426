import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection } from '@libp2p/interface';
import { dropSurplus } from '../../../src/daemon/mesh/testing.ts';
import { VirtualClock } from '../../support/clock.ts';

interface Fake {
  readonly id: string;
  readonly direction: 'inbound' | 'outbound';
  readonly timeline: { open: number };
  readonly streams: { protocol: string }[];
  ended: 'no' | 'closed' | 'aborted';
}

function connection(id: string, direction: Fake['direction'], open: number, failing = false): Fake {
  const fake = {
    id,
    direction,
    timeline: { open },
    streams: [] as { protocol: string }[],
    ended: 'no' as Fake['ended'],
    close() {
      if (failing) return Promise.reject(new Error('it hangs'));
      fake.ended = 'closed';
      return Promise.resolve();
    },
    abort() {
      fake.ended = 'aborted';
    },
  };
  return fake;
}

/** Drops what one side has too many, as the side with the lower id or not; returns those it marks. */
function drop(clock: VirtualClock, fakes: Fake[], lower = true) {
  const marked = dropSurplus({
    connections: fakes as unknown as Connection[],
    dialledByLower: ({ direction }) => (direction === 'outbound') === lower,
    clock,
  });
  return { ids: marked.map(([{ id }]) => id), cancels: marked.map(([, cancel]) => cancel) };
}

describe('surplus connections', () => {
  it('are those that the higher id dialled, and each side closes its own', () => {
    const clock = new VirtualClock();
    const fakes = [connection('in', 'inbound', 1), connection('out', 'outbound', 2)];
    assert.deepEqual(drop(clock, fakes, true).ids, [], 'ours is kept, theirs is for them to close');
    assert.deepEqual(drop(clock, fakes, false).ids, ['out']);
    assert.deepEqual(drop(clock, [fakes[1]!], false).ids, [], 'the only one is kept');
  });

  it('are the younger ones of those that one side dialled', () => {
    const fakes = [3, 1, 2].map((open) => connection(`at ${open}`, 'outbound', open));
    assert.deepEqual(drop(new VirtualClock(), fakes).ids, ['at 3', 'at 2']);
  });

  it('are closed once they carry only housekeeping, checked each second', async () => {
    const clock = new VirtualClock();
    const [kept, idle] = [connection('kept', 'outbound', 1), connection('idle', 'outbound', 2)];
    idle.streams.push({ protocol: '/rangemesh/n/fetch/2' }, { protocol: '/meshsub/1.1.0' });
    drop(clock, [kept, idle]);
    await clock.advance(2_000);
    assert.equal(idle.ended, 'no');
    idle.streams.shift();
    for (const protocol of ['/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/ipfs/ping/1.0.0'])
      idle.streams.push({ protocol });
    await clock.advance(999);
    assert.equal(idle.ended, 'no');
    await clock.advance(1);
    assert.deepEqual([idle.ended, kept.ended, clock.pending], ['closed', 'no', 0]);
  });

  it('are closed after a delay, and aborted when they do not close', async () => {
    const clock = new VirtualClock();
    const stuck = connection('stuck', 'outbound', 2, true);
    drop(clock, [connection('kept', 'outbound', 1), stuck]);
    await clock.advance(999);
    assert.equal(stuck.ended, 'no');
    await clock.advance(1);
    assert.equal(stuck.ended, 'aborted');
  });

  it('stay open when the closing is called off, before the first check or after it', async () => {
    const clock = new VirtualClock();
    const fakes = ['kept', 'first', 'second'].map((id, i) => connection(id, 'outbound', i));
    fakes[2]!.streams.push({ protocol: '/rangemesh/n/native/2' });
    const { cancels } = drop(clock, fakes);
    cancels[0]!();
    await clock.advance(1_500);
    cancels[1]!();
    fakes[2]!.streams.pop();
    await clock.advance(5_000);
    assert.deepEqual(
      fakes.map(({ ended }) => ended),
      ['no', 'no', 'no'],
    );
    assert.equal(clock.pending, 0);
  });
});
