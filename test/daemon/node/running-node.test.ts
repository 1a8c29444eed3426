import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Budgets, DEFAULT_BUDGET_OPTIONS } from '../../../src/daemon/budgets/index.ts';
import { EventBus } from '../../../src/daemon/events/index.ts';
import { PeerRoles } from '../../../src/daemon/mesh/index.ts';
import { RunningNode } from '../../../src/daemon/node/testing.ts';
import { Replicator } from '../../../src/daemon/replicator/index.ts';
import { type Database, ITEM_OVERHEAD_BYTES, Replica } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { NO_PENALTIES } from '../../support/no-penalties.ts';
import { SeededRandom } from '../../support/random.ts';
import { Log } from '../mesh/log.ts';

const payload = new Uint8Array([1]);

/** A node without peers, over `database`. */
async function nodeOver(context: TestContext, database: Database, maxSetBytes: number) {
  const clock = new VirtualClock();
  const replica = await Replica.open({
    database,
    clock,
    disk: new FakeDisk(),
    limits: { maxSetBytes },
  });
  context.after(() => replica.close());
  const random = new SeededRandom('node');
  const mesh = {
    peerId: 'self',
    addresses: [],
    connections: { peers: new Map(), connected: () => false },
    dialer: { addresses: [], remove: () => [] },
    discovery: { status: { degree: 8, connected: 0, known: 0 }, peers: [], knows: () => false },
  };
  return new RunningNode({
    replica,
    clock,
    replicator: new Replicator({ replica, clock, random, logger: new Log().logger }),
    mesh: mesh as never,
    clocks: { of: () => null },
    fetch: { totals: { receivedBytes: 0, sentBytes: 0 } } as never,
    reconcile: { itemTotals: { receivedBytes: 0, sentBytes: 0 } },
    budgets: new Budgets({ clock, options: DEFAULT_BUDGET_OPTIONS }),
    events: new EventBus({ clock, random }),
    networkName: 'test',
    isSecret: () => false,
    roles: new PeerRoles({ read: [], write: [] }),
    penalties: NO_PENALTIES,
  });
}

describe('RunningNode', () => {
  it('is broken once the database refuses writes, and says why', async (context) => {
    const database = memoryDatabase();
    const node = await nodeOver(context, database, Number.POSITIVE_INFINITY);
    assert.equal(node.broken(), null);
    await node.put(payload);
    assert.equal(node.broken(), null);
    const fail = () => Promise.reject(new Error('EIO'));
    const batch = database.batch.bind(database) as () => object;
    database.batch = (() => Object.assign(batch(), { write: fail })) as never;
    database.open = fail;
    await assert.rejects(node.put(new Uint8Array([2])), { code: 'STORE_WRITE_FAILED' });
    assert.equal(node.broken()?.code, 'STORE_WRITE_FAILED');
    assert.match(node.broken()!.message, /did not take a write \(EIO\)/);
    assert.deepEqual(node.status().refusing, node.broken());
  });

  it('is not broken when its set is full, and is broken while it closes', async (context) => {
    const node = await nodeOver(context, memoryDatabase(), 1 + ITEM_OVERHEAD_BYTES);
    await node.put(payload);
    await assert.rejects(node.put(new Uint8Array([2])), { code: 'SET_FULL' });
    assert.equal(node.status().refusing?.code, 'SET_FULL');
    assert.equal(node.broken(), null);
    node.closing();
    assert.equal(node.broken()?.code, 'STORE_CLOSED');
  });

  it('names an address that it does not dial', async (context) => {
    const node = await nodeOver(context, memoryDatabase(), 1 + ITEM_OVERHEAD_BYTES);
    assert.throws(() => node.forget('/ip4/192.0.2.1/tcp/1'), {
      code: 'UNKNOWN_ADDRESS',
      message: /192\.0\.2\.1.*rangemesh peers/,
    });
  });
});
