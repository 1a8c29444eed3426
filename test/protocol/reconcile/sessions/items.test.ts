import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DEFAULT_RECONCILE_OPTIONS,
  EVERYTHING,
  type Interval,
} from '../../../../src/protocol/index.ts';
import {
  RunningIntervals,
  SessionItems,
} from '../../../../src/protocol/reconcile/sessions/testing.ts';

const at = (hint: number) => ({ hint: BigInt(hint), id: null });
const between = (lower: number, upper: number): Interval => ({
  lower: at(lower),
  upper: at(upper),
});

/** Sessions of one node, whose owner takes items of any peer but `unwelcome`. */
function sessions(options = {}) {
  const environment = {
    events: { takesItems: (peer: string) => peer !== 'unwelcome' } as never,
    options: { ...DEFAULT_RECONCILE_OPTIONS, ...options },
    intervals: new RunningIntervals(),
    itemTotals: { receivedBytes: 0, sentBytes: 0 },
  };
  return (peer: string) => new SessionItems(environment, peer);
}

const ITEM = { hint: 1n, id: new Uint8Array(32), payload: new Uint8Array(3) };

/** The items of a session whose owner takes them as `take` does. */
function heldBack(take: () => Promise<void>) {
  const itemTotals = { receivedBytes: 0, sentBytes: 0 };
  const events = { items: take } as never;
  const options = DEFAULT_RECONCILE_OPTIONS;
  const environment = { events, options, intervals: new RunningIntervals(), itemTotals };
  return { items: new SessionItems(environment, 'a'), itemTotals };
}

const whole = { mode: 'reconcile', interval: EVERYTHING } as const;
const ROOM = { maxBytes: 512, totalBytes: 4_194_304 };

describe('the items of sessions', () => {
  it('come in one session at a time over each part of the key space', () => {
    const of = sessions();
    const [a, b, c] = [of('a'), of('b'), of('c')];
    assert.deepEqual(a.begin({ ...whole, interval: between(0, 10) }), ROOM);
    assert.deepEqual(b.begin({ ...whole, interval: between(10, 20) }), ROOM);
    assert.equal(c.begin({ ...whole, interval: between(9, 11) }), null);
    for (const one of [a, b]) one.end();
    // A session without items lists ids that would come twice.
    assert.equal(of('d').begin(whole), null);
    c.end();
    c.end();
  });

  it('come again once no session is over the part', () => {
    const of = sessions();
    const [a, b] = [of('a'), of('b')];
    a.begin(whole);
    a.end();
    assert.deepEqual(b.begin(whole), ROOM);
  });

  it('do not come where the owner takes none, or the session settles nothing', () => {
    assert.equal(sessions()('unwelcome').begin(whole), null);
    assert.equal(sessions({ itemBytes: 0 })('a').begin(whole), null);
    const of = sessions();
    assert.equal(of('a').begin({ ...whole, mode: 'survey' }), null);
    assert.deepEqual(of('b').begin(whole), ROOM, 'a survey lists nothing');
  });

  it('are counted as they come and go, by their payloads', async () => {
    const { items, itemTotals } = heldBack(() => Promise.resolve());
    await items.hand({ items: [ITEM] } as never, new AbortController().signal);
    const shortItem = items.counted((_id, maxBytes) => (maxBytes < 3 ? undefined : ITEM));
    shortItem(ITEM.id, 512);
    shortItem(ITEM.id, 2);
    assert.deepEqual(itemTotals, { receivedBytes: 3, sentBytes: 3 });
  });

  it('do not keep a session that is over, however long their owner takes none', async () => {
    const { items } = heldBack(() => new Promise(() => undefined));
    const over = new AbortController();
    const handed = items.hand({ items: [ITEM] } as never, over.signal);
    over.abort(new Error('the time is up'));
    await assert.rejects(handed, /the time is up/);
  });
});
