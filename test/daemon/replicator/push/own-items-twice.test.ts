import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guardOf } from '../../../../src/daemon/guard/index.ts';
import { OwnItems } from '../../../../src/daemon/replicator/push/index.ts';
import type { Announce } from '../../../../src/protocol/index.ts';
import type { Item, NewItem, PutResult, Replica } from '../../../../src/store/index.ts';
import { itemOf } from '../support.ts';

/** Own items over a replica that takes what the test says, and a mesh that may not be there. */
function setUp() {
  const state = { held: new Set<Item>(), fails: false, mesh: true, room: 100 };
  const seen = { announced: 0, spread: 0, astray: 0 };
  const replica = {
    async put(items: readonly Item[], init: { queued: (taken: readonly Item[]) => void }) {
      init.queued(items.filter((item) => !state.held.has(item)));
      if (state.fails) throw new Error('no disk');
      return items.map(({ id }) => ({ id, created: true }) as PutResult);
    },
  } as unknown as Replica;
  const announce = {
    inlineBytes: 10,
    announce(items: readonly Item[]) {
      const taken = Math.min(items.length, state.room);
      seen.announced += taken;
      return taken;
    },
  } as unknown as Announce;
  const own = new OwnItems({
    guard: guardOf([]),
    replica,
    peers: { connections: 0, connectedOnes: [], differs: () => undefined, get: () => undefined },
    coverage: {
      pushed: (keys) => {
        seen.spread += keys.length;
      },
      heardBy: () => false,
    },
    changed: () => {
      seen.astray++;
    },
  });
  const put = (...items: readonly Item[]) => {
    own.start(state.mesh ? announce : null);
    return own.put(items as readonly NewItem[]);
  };
  return { state, seen, put };
}

const [SHORT, BOUND, LONG] = [itemOf(1), itemOf(2, 10), itemOf(3, 11)];

describe('repeated puts of own items', () => {
  it('are announced as far as there is room, and count as announced where all were', async () => {
    const { state, seen, put } = setUp();
    for (const round of [1, 2]) {
      await put(SHORT, LONG);
      assert.deepEqual(seen, { announced: 2 * round, spread: 2 * round, astray: 0 });
    }
    state.room = 0;
    await put(SHORT, LONG);
    assert.deepEqual(seen, { announced: 4, spread: 4, astray: 0 });
    state.room = 1;
    await put(SHORT);
    assert.equal(seen.spread, 5);
    state.held.add(SHORT);
    await put(SHORT);
    assert.deepEqual(seen, { announced: 5, spread: 5, astray: 0 });
  });

  it('count as lost where they were announced and could not be stored, and only then', async () => {
    const { state, seen, put } = setUp();
    state.fails = true;
    for (const [item, astray] of [
      [SHORT, 1],
      [BOUND, 2],
      [LONG, 2],
    ] as const) {
      await assert.rejects(put(item), /no disk/);
      assert.equal(seen.astray, astray, `${item.payload.length} bytes`);
    }
    state.mesh = false;
    await assert.rejects(put(SHORT), /no disk/);
    assert.deepEqual(seen, { announced: 2, spread: 0, astray: 2 });
  });

  it('are not announced without a mesh', async () => {
    const { state, seen, put } = setUp();
    state.mesh = false;
    const [result] = await put(SHORT);
    assert.equal(result!.created, true);
    assert.deepEqual(seen, { announced: 0, spread: 0, astray: 0 });
  });
});
