import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ago,
  bytesText,
  countText,
  durationText,
  rateText,
  shortId,
  tookText,
  whyText,
} from '../../../src/daemon/page/state/index.ts';
import { second } from './state.ts';

describe('figures on the page', () => {
  it('have three digits and a unit, also just below the next unit', () => {
    const sizes = [0, 999, 999.4, 1_000, 1_536, 99_949, 999_499, 999_500, 12_345_678, 1e15, 1e18];
    assert.deepEqual(sizes.map(bytesText), [
      ...['0 B', '999 B', '999 B', '1.00 kB', '1.54 kB', '99.9 kB', '999 kB', '1.00 MB'],
      ...['12.3 MB', '1.00 PB', '1000 PB'],
    ]);
  });

  it('are counts with commas, and rates with a decimal below ten', () => {
    assert.deepEqual([0, 999, 1_234_567].map(countText), ['0', '999', '1,234,567']);
    assert.deepEqual([0, 0.25, 9.94, 10, 12_345.6].map(rateText), [
      '0',
      '0.3',
      '9.9',
      '10',
      '12,346',
    ]);
  });

  it('are times in their two largest units', () => {
    const times = [-1, 0, 9.94, 10, 59, 60, 61, 3_599, 3_600, 7_500, 86_400, 93_600];
    assert.deepEqual(times.map(durationText), [
      ...['0.0 s', '0.0 s', '9.9 s', '10 s', '59 s', '1 min', '1 min 1 s', '59 min 59 s'],
      ...['1 h', '2 h 5 min', '1 d', '1 d 2 h'],
    ]);
    assert.deepEqual([0.4, 999, 1_000, 61_000].map(tookText), [
      '0 ms',
      '999 ms',
      '1.0 s',
      '1 min 1 s',
    ]);
    assert.deepEqual(
      [0, -5_000, 1_999, 2_000, 59_999, 60_000].map((ms) => ago(0, ms)),
      ['now', 'now', 'now', '2 s ago', '59 s ago', '1 min ago'],
    );
  });

  it('are the digits of ids that differ most', () => {
    assert.equal(shortId(`${'0123456789'.repeat(6)}abcd`), '0123456789');
    assert.equal(shortId('12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'), 'LvKXtf');
  });
});

describe('whyText', () => {
  const id = 'ab'.repeat(32);
  const text = (why: Parameters<typeof whyText>[0]) => {
    const { title, sentences } = whyText(why);
    return [title, ...sentences].join(' ');
  };

  it('tells of a held item when it came, from whom, and who lacks it', () => {
    const arrival = { seq: 7, at: second(5), source: 'peer-a', publisher: null };
    const lackedBy = [{ peerId: 'peer-b', since: second(1), at: second(2) }];
    const held = { id, state: 'have', hint: '5', bytes: 10, arrival, indexed: true } as const;
    assert.equal(
      text({ ...held, lackedBy }),
      'Held here It has 10 B and the hint 5. It came at 2026-12-01 00:00:05 UTC, from …peer-a, as number 7. ' +
        'Peer …peer-b lacks it since 2026-12-01 00:00:01 UTC.',
    );
    assert.match(text({ ...held, lackedBy: [] }), /No connected peer is known to lack it\./);
    assert.match(text({ ...held, lackedBy: [], indexed: false }), /rangemesh verify/);
  });

  it('tells of a wanted item who has it and what was tried', () => {
    const attempts = [{ peerId: 'peer-b', at: second(1), outcome: 'absent', error: null }] as const;
    const wanted = { id, state: 'wanted', since: second(0), confirmed: true, bytes: null } as const;
    const shown = text({
      ...wanted,
      ...{ sources: ['peer-a'], attempts, fetchingFrom: 'peer-a', expiresAt: second(59) },
    });
    assert.match(shown, /1 connected peer has it\. A request to …peer-a is under way\./);
    assert.match(shown, /peer …peer-b says that it does not have the item\./);
  });

  it('tells of other items who keeps them out, or who was asked', () => {
    const refusal = { by: 'operator', reason: 'spam', at: second(0), hint: null } as const;
    assert.match(
      text({ id, state: 'refused', refusedAt: [], refusal }),
      /An operator keeps it out \(spam\)/,
    );
    const large = text({ id, state: 'refused', refusedAt: ['peer-a'], refusal: null });
    assert.match(large, /above limits\.maxItemBytes/);
    const nobody = { attempts: [], asked: [] };
    assert.match(text({ id, state: 'unknown', ...nobody }), /No peer is connected/);
    const asked = [{ peerId: 'peer-a', lastSession: null, coversAsOf: null }];
    assert.match(
      text({ id, state: 'expired', at: second(0), attempts: [], asked }),
      /with 0 of 1 connected/,
    );
  });
});
