import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LineLimiter } from '../../../src/daemon/log/index.ts';
import { VirtualClock } from '../../support/clock.ts';

function set() {
  const clock = new VirtualClock();
  const reports: [string, number][] = [];
  const limiter = new LineLimiter({ clock, report: (...told) => void reports.push(told) });
  const admitted = (count: number, kind: string, peer: (i: number) => string | null) => {
    let lines = 0;
    for (let i = 0; i < count; i++) if (limiter.admits(kind, peer(i))) lines++;
    return lines;
  };
  return { clock, reports, limiter, admitted };
}

describe('LineLimiter', () => {
  it('admits ten lines of a kind about a peer, and then one in ten seconds', async () => {
    const { clock, admitted } = set();
    assert.equal(
      admitted(1_000, 'failed', () => 'p'),
      10,
    );
    await clock.advance(9_999);
    assert.equal(
      admitted(1_000, 'failed', () => 'p'),
      0,
    );
    await clock.advance(1);
    assert.equal(
      admitted(1_000, 'failed', () => 'p'),
      1,
    );
    assert.equal(
      admitted(1_000, 'failed', () => 'q'),
      10,
    );
    assert.equal(
      admitted(1_000, 'refused', () => 'p'),
      10,
    );
  });

  it('admits a hundred lines of a kind, and then one in two seconds, whatever their cause', async () => {
    const { clock, admitted } = set();
    assert.equal(
      admitted(10_000, 'failed', (i) => `p${i}`),
      100,
    );
    assert.equal(
      admitted(1_000, 'call', () => null),
      100,
    );
    await clock.advance(2_000);
    assert.equal(
      admitted(10_000, 'failed', (i) => `q${i}`),
      1,
    );
    assert.equal(
      admitted(1_000, 'call', () => null),
      1,
    );
  });

  it('reports the lines left out, by kind, ten seconds after the first', async () => {
    const { clock, reports, admitted } = set();
    admitted(13, 'failed', () => 'p');
    await clock.advance(5_000);
    admitted(2, 'failed', () => 'p');
    admitted(103, 'call', () => null);
    await clock.advance(4_999);
    assert.deepEqual(reports, []);
    await clock.advance(1);
    assert.deepEqual(reports, [
      ['failed', 5],
      ['call', 3],
    ]);
    assert.equal(clock.pending, 0);
    admitted(5, 'failed', () => 'p');
    assert.equal(clock.pending, 1);
  });

  it('reports at once when asked, and then no more', async () => {
    const { clock, reports, limiter, admitted } = set();
    admitted(12, 'failed', () => 'p');
    limiter.flush();
    assert.deepEqual(reports, [['failed', 2]]);
    assert.equal(clock.pending, 0);
    limiter.flush();
    assert.equal(reports.length, 1);
  });

  it('has kinds past 256 share a bucket, so that kinds without end are no way around', () => {
    const { limiter, reports } = set();
    let lines = 0;
    for (let i = 0; i < 10_000; i++) if (limiter.admits(`kind ${i}`, null)) lines++;
    assert.equal(lines, 255 + 100);
    limiter.flush();
    assert.deepEqual(reports, [['other', 10_000 - 355]]);
    assert.ok(limiter.admits('kind 7', null));
  });
});
