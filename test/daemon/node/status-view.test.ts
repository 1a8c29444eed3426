import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  catchUpStatus,
  lastSession,
  provedAt,
  storeStatus,
} from '../../../src/daemon/node/testing.ts';
import { INFINITE_BOUND, ZERO_BOUND } from '../../../src/store/index.ts';

const AT = Date.UTC(2024, 1, 29, 12, 34, 56, 7);
const TEXT = '2024-02-29T12:34:56.007Z';

describe('the status view', () => {
  it('shows a statement with its time and its bounds', () => {
    assert.equal(provedAt(null), null);
    const everything = { lower: ZERO_BOUND, upper: INFINITE_BOUND };
    assert.deepEqual(provedAt({ at: AT, interval: everything, whole: true }), {
      at: TEXT,
      interval: { lower: '0', upper: 'infinity' },
      whole: true,
    });
    const part = {
      lower: { hint: 5n, id: Uint8Array.of(0xab, 1) },
      upper: { hint: 7n, id: null },
    };
    assert.deepEqual(provedAt({ at: AT, interval: part as never, whole: false })!.interval, {
      lower: '5:ab01',
      upper: '7',
    });
  });

  it('shows a session with rounded numbers', () => {
    const report = {
      role: 'responder',
      dialect: 'native',
      startedAt: AT,
      durationMs: 1.23456,
      rounds: 2,
      bytesSent: 3,
      bytesReceived: 4,
      efficiency: 1.35049,
      missing: 5,
      missingThere: null,
      error: null,
    };
    const shown = lastSession(report as never);
    assert.deepEqual(shown, { ...report, startedAt: TEXT, durationMs: 1.235, efficiency: 1.35 });
    assert.equal(lastSession({ ...report, efficiency: null } as never).efficiency, null);
  });

  it('shows catching up with a whole rate, or none', () => {
    assert.equal(catchUpStatus(null), null);
    const progress = { startedAt: AT, itemsPerSecond: 7.6, secondsLeft: 3 };
    const shown = catchUpStatus(progress as never)!;
    assert.deepEqual(shown, { startedAt: TEXT, itemsPerSecond: 8, secondsLeft: 3 });
    assert.equal(
      catchUpStatus({ ...progress, itemsPerSecond: null } as never)!.itemsPerSecond,
      null,
    );
  });

  it('shows the store with its fingerprint in hex, or none, and the times of incidents', () => {
    const store = {
      items: 1,
      bytes: 2,
      storedBytes: 178,
      fingerprint: Uint8Array.of(0xab, 0x01),
      incidents: [{ at: AT, code: 'X', message: 'm' }],
      rebuilding: null,
      needsRefill: true,
      commit: 3,
      quarantined: 4,
      scrub: { running: true, checked: 5, passes: 6 },
    };
    const { set, incidents, ...rest } = storeStatus(store as never);
    assert.deepEqual(set, { items: 1, bytes: 2, storedBytes: 178, fingerprint: 'ab01' });
    assert.deepEqual(incidents, [{ at: TEXT, code: 'X', message: 'm' }]);
    const { rebuilding, needsRefill, commit, quarantined, scrub } = store;
    assert.deepEqual(rest, { rebuilding, needsRefill, commit, quarantined, scrub });
    assert.equal(storeStatus({ ...store, fingerprint: null } as never).set.fingerprint, null);
  });
});
