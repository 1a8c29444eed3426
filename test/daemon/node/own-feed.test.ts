import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OwnFeed } from '../../../src/daemon/node/testing.ts';
import type { ArrivalFeed } from '../../../src/daemon/testing.ts';
import { FeedResetError } from '../../../src/store/index.ts';

/** Of a database with all its leading zeros. */
const STORED = '00000000000000fe';
const LIMIT = { limit: 1 };

/** A feed whose epoch in the database is `STORED`. */
const stored: ArrivalFeed = {
  async arrivals(since, { epoch = STORED }) {
    if (epoch !== STORED) throw new FeedResetError(STORED, 7);
    return { epoch, last: since, entries: [] };
  },
  onArrival: () => () => undefined,
};

describe('the feed of a node', () => {
  it('names its epoch for itself alone, and knows the name again', async () => {
    const [one, other] = [new OwnFeed(stored, 'peer one'), new OwnFeed(stored, 'peer two')];
    const { epoch } = await one.arrivals(3, LIMIT);
    assert.match(epoch, /^[0-9a-f]{16}$/);
    assert.notEqual(epoch, STORED);
    assert.notEqual(epoch, (await other.arrivals(3, LIMIT)).epoch);
    assert.deepEqual(await one.arrivals(3, { ...LIMIT, epoch }), { epoch, last: 3, entries: [] });
  });

  it('tells its own name where another epoch is asked for', async () => {
    const [one, other] = [new OwnFeed(stored, 'peer one'), new OwnFeed(stored, 'peer two')];
    const { epoch } = await one.arrivals(3, LIMIT);
    const asked = other.arrivals(3, { ...LIMIT, epoch });
    const own = (await other.arrivals(3, LIMIT)).epoch;
    await assert.rejects(asked, { code: 'FEED_RESET', epoch: own, last: 7 });
  });
});
