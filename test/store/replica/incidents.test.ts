import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../../src/store/index.ts';
import {
  found,
  Incidents,
  noRoom,
  notWritten,
  unavailable,
  unknown,
  writeFailed,
} from '../../../src/store/replica/testing.ts';
import { VirtualClock } from '../../support/clock.ts';

describe('incidents', () => {
  it('are all logged and told, and the latest fifty are remembered', async () => {
    const clock = new VirtualClock();
    const logged: [object, string][] = [];
    const logger = {
      warn: () => undefined,
      error: (...line: [object, string]) => logged.push(line),
    };
    const told: string[] = [];
    const tell = ({ message }: { message: string }) => void told.push(message);
    const incidents = new Incidents(clock, logger as never, tell);
    for (let i = 1; i <= 50; i++) incidents.add('WRITE_FAILED', `number ${i}`);
    assert.deepEqual([incidents.latest.length, incidents.latest[0]?.message], [50, 'number 1']);
    await clock.advance(5);
    const cause = new Error('it burns');
    incidents.add('READ_FAILED', 'number 51', cause);
    assert.deepEqual([incidents.latest.length, incidents.latest[0]?.message], [50, 'number 2']);
    const last = { at: clock.now(), code: 'READ_FAILED', message: 'number 51' };
    assert.deepEqual(incidents.latest.at(-1), last);
    assert.deepEqual(logged[0], [{ incident: 'WRITE_FAILED' }, 'number 1']);
    assert.deepEqual(logged[50], [{ incident: 'READ_FAILED', err: cause }, 'number 51']);
    assert.deepEqual([told.length, told[0], told[50]], [51, 'number 1', 'number 51']);
    new Incidents(clock, undefined).add('READ_FAILED', 'without a logger');
  });
});

describe('the message of a store error', () => {
  it('says that the disk is full when it is', () => {
    for (const cause of [new Error('ENOSPC'), new Error('No space left on device')]) {
      assert.equal(writeFailed(cause).code, 'DISK_FULL');
    }
    const wrapped = new Error('Batch failed', { cause: new Error('ENOSPC: no room') });
    assert.equal(writeFailed(wrapped).code, 'DISK_FULL');
    assert.match(writeFailed(wrapped).message, /\(Batch failed: ENOSPC: no room\)/);
    const other = writeFailed('it burns');
    assert.equal(other.code, 'STORE_WRITE_FAILED');
    assert.match(other.message, /\(it burns\)/);
    const corrupt = new StoreError('STORE_CORRUPT', 'it is damaged');
    assert.equal(writeFailed(corrupt), corrupt);
    assert.equal(writeFailed(new StoreError('STORE_LOCKED', 'x')).code, 'STORE_WRITE_FAILED');
  });

  it('separates writes with an unknown outcome from writes that are not on disk', () => {
    const refusal = writeFailed('it burns');
    const told = unknown(refusal);
    assert.equal(told.code, refusal.code);
    assert.match(told.message, /whether this item is on disk is not known yet/);
    assert.equal(notWritten(told), refusal);
    assert.equal(notWritten(refusal), refusal);
    const error = new Error('x');
    assert.equal(notWritten(error), error);
  });

  it('names the reason where there is one', () => {
    assert.match(unavailable(null).message, /opened again$/);
    assert.match(unavailable(writeFailed('it burns')).message, /opened again: .*it burns/);
    assert.match(noRoom(10, 9).message, /9 bytes are free, and 10 are needed/);
  });

  it('counts the problems of a verification, and names the first', () => {
    const problem = { code: 'TOTALS', key: '', message: 'counts are wrong' } as const;
    const result = {
      ok: false,
      items: 0,
      bytes: 0,
      pending: 0,
      quarantined: 0,
      problems: [problem],
    };
    assert.match(
      found({ ...result, problemCount: 1 }),
      /found 1 problems \(TOTALS: counts are wrong\):/,
    );
    assert.match(found({ ...result, problemCount: 2 }), /found 2 problems/);
    assert.match(found({ ...result, problemCount: 2, problems: [] }), /found 2 problems:/);
  });
});
