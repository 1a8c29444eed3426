import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventBus, type NodeEvent } from '../../../src/daemon/events/index.ts';
import { refusedItems } from '../../../src/daemon/node/refusing/index.ts';
import { bytesToHex } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { SeededRandom } from '../../support/random.ts';
import { ReplicatorRig } from '../replicator/replicator-support.ts';
import { itemOf } from '../replicator/support.ts';

describe('the word of an operator about items', () => {
  it('is one event a call, with what it changed, and none if it changed nothing', async (t) => {
    const { replica, replicator } = await ReplicatorRig.open(t);
    const events = new EventBus({ clock: new VirtualClock(), random: new SeededRandom('word') });
    const { refuse, unrefuse } = refusedItems({ replica, replicator, events });
    await replica.put([itemOf(1)]);
    const ids = [1, 2, 3].map((number) => bytesToHex(itemOf(number).id));
    const after = events.place({ number: 0, missed: 0 });
    await refuse({ ids: ids.slice(0, 2), reason: '' });
    await refuse({ ids: ids.slice(0, 2), reason: '' });
    await unrefuse({ ids });
    await unrefuse({ ids });
    events.config([]);
    const over = new AbortController();
    const told: NodeEvent[] = [];
    for await (const read of events.read({ types: new Set(), after, signal: over.signal })!) {
      assert.ok(typeof read === 'object' && 'event' in read);
      told.push(read.event);
      if (read.event.type === 'config') over.abort();
    }
    const { id } = itemOf(1);
    assert.deepEqual(told, [
      { type: 'refused', id, change: 'added', ids: 2, dropped: 1 },
      { type: 'refused', id, change: 'removed', ids: 2, dropped: 0 },
      { type: 'config', changed: [] },
    ]);
  });
});
