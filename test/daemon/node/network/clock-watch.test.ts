import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClockWatch, clockApart } from '../../../../src/daemon/node/testing.ts';
import { Log } from '../../mesh/log.ts';

const MINUTE = 60_000;

function create(maxAheadMs: number | null = 10 * MINUTE) {
  const at = { now: 0 };
  const log = new Log();
  const told: string[] = [];
  const accepted = { maxAheadMs };
  const watch = new ClockWatch({
    accepted,
    clock: { monotonic: () => at.now },
    logger: log.logger,
    incident: ({ message }) => void told.push(message),
  });
  const hear = (peer: string, offsetMs: number) => watch.heard(peer, { offsetMs });
  return { at, log, told, accepted, hear };
}

describe('clocks that are apart', () => {
  it('differ by more than the hints of new items may, in either direction', () => {
    const maxAheadMs = 10 * MINUTE;
    for (const offsetMs of [maxAheadMs, -maxAheadMs, 0, null]) {
      assert.equal(clockApart({ peer: 'p', offsetMs, maxAheadMs }), null);
    }
    const ahead = clockApart({ peer: 'p', offsetMs: maxAheadMs + 1_000, maxAheadMs })!;
    assert.equal(ahead.code, 'CLOCKS_APART');
    assert.match(ahead.message, /p is 601 s ahead of this clock, and hints\.maxAhead is 600 s/);
    assert.match(ahead.message, /: this node does not take the newest items of p\./);
    const behind = clockApart({ peer: 'p', offsetMs: -maxAheadMs - 1, maxAheadMs })!;
    assert.match(behind.message, /behind this clock.*: p does not take the newest items of this n/);
    const unbound = clockApart({ peer: 'p', offsetMs: 100 * maxAheadMs, maxAheadMs: null });
    assert.equal(unbound, null, 'hints are no times, or have no bound');
  });

  it('are an incident once a peer, and again after the clock was right', () => {
    const { at, log, told, hear } = create();
    for (const offsetMs of [1_000, 11 * MINUTE, 12 * MINUTE]) {
      hear('p', offsetMs);
      at.now += 2 * MINUTE;
    }
    assert.equal(told.length, 1);
    assert.equal(log.with('CLOCKS_APART').length, 1);
    hear('p', 0);
    hear('p', -11 * MINUTE);
    assert.equal(told.length, 2);
    assert.match(told[1]!, /behind this clock/);
  });

  it('are an incident once a minute at most, whichever peers come', () => {
    const { at, told, hear } = create();
    for (let peer = 0; peer < 50; peer++) hear(`p${peer}`, 11 * MINUTE);
    assert.equal(told.length, 1);
    at.now += MINUTE;
    hear('p0', 11 * MINUTE);
    hear('p1', 11 * MINUTE);
    assert.equal(told.length, 2);
    assert.match(told[1]!, /clock of p1 /);
  });

  it('are no incident while hints have no bound', () => {
    const { told, accepted, hear } = create(null);
    hear('p', 100 * MINUTE);
    assert.deepEqual(told, []);
    accepted.maxAheadMs = MINUTE;
    hear('p', 100 * MINUTE);
    assert.equal(told.length, 1);
  });
});
