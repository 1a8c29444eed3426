import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PutGroup } from '../../../src/daemon/admin/hot/testing.ts';
import { DaemonError } from '../../../src/daemon/index.ts';
import { type PutResult, StoreError } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';

const ID = new Uint8Array(32);
const SECRET = 13n;
const FULL = 14n;

/** A group before a node, which refuses one hint alone, and every call with another. */
function grouped() {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const outcomes: string[] = [];
  const store = (hint = 0n): PutResult => {
    if (hint === FULL) throw new StoreError('DISK_FULL', 'full');
    return { hint, id: ID, created: true };
  };
  const group = new PutGroup({
    clock,
    node: {
      async put(_payload, hint) {
        calls.push(`one ${hint}`);
        return store(hint);
      },
      bulk: {
        async putMany(items) {
          calls.push(`many ${items.length}`);
          const results = items.map(({ hint }) => store(hint));
          return results.map((result) =>
            result.hint === SECRET ? new DaemonError('OWN_SECRET', 'secret') : result,
          );
        },
      },
    },
  });
  const put = (...hints: bigint[]) => {
    for (const hint of hints) {
      group.add({
        hint,
        payload: Uint8Array.of(1),
        stored: (result) => outcomes.push(`${hint} ${result.created}`),
        failed: (error) => outcomes.push(`${hint} ${(error as StoreError).code}`),
      });
    }
    return clock.advance(0);
  };
  return { calls, outcomes, put };
}

describe('puts of one turn', () => {
  it('share a call, and a put alone has its own', async () => {
    const { calls, outcomes, put } = grouped();
    await put(7n, SECRET, 9n);
    await put(10n);
    assert.deepEqual(calls, ['many 3', 'one 10']);
    assert.deepEqual(outcomes, ['7 true', '13 OWN_SECRET', '9 true', '10 true']);
  });

  it('get an answer of their own where the call fails', async () => {
    const { calls, outcomes, put } = grouped();
    await put(7n, FULL);
    assert.deepEqual(calls, ['many 2', 'one 7', 'one 14']);
    assert.deepEqual(outcomes, ['7 true', '14 DISK_FULL']);
  });
});
