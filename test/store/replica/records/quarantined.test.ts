import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newRecord, RecordError, seal } from '../../../../src/store/level/index.ts';
import {
  decodeQuarantined,
  encodeQuarantined,
} from '../../../../src/store/replica/records/index.ts';

describe('a quarantine record', () => {
  it('gives back the time, the hint and the bytes, and tells no bytes from empty ones', () => {
    for (const payload of [null, new Uint8Array(0), Uint8Array.of(1, 2)]) {
      const record = encodeQuarantined({ at: 12.7, hint: 9n, payload, seq: 7 });
      assert.deepEqual(decodeQuarantined(record), { at: 12, hint: 9n, payload, seq: 7 });
    }
  });

  it('is refused when it is one byte shorter than its fields, though its checksum is right', () => {
    const record = seal(newRecord({ level: 0, entries: 0 }, 23));
    assert.throws(() => decodeQuarantined(record), RecordError, 'a cut record is read');
    assert.throws(() => decodeQuarantined(record), /is cut short/);
  });
});
