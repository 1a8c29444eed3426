import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shortageOf } from '../../src/store/index.ts';

describe('a shortage', () => {
  it('is known by the words of Node and of LevelDB, and by no others', () => {
    const cases: [reason: string, advice: RegExp | null][] = [
      ['EMFILE: too many open files, open x', /raise the limit.*ulimit -n/],
      ['ENFILE: file table overflow', /raise the limit/],
      ['IO error: db/MANIFEST-000001: Too many open files', /raise the limit/],
      ['ENOSPC: no space left on device, write', /make room/],
      ['IO error: db/000003.log: No space left on device', /make room/],
      ['EDQUOT: disk quota exceeded, write', /make room/],
      ['IO error: db/LOCK: Read-only file system', /mount it for writing/],
      ['EACCES: permission denied', null],
      ['IO error: db/CURRENT: No such file or directory', null],
    ];
    for (const [reason, advice] of cases) {
      if (advice === null) assert.equal(shortageOf(reason), null, reason);
      else assert.match(shortageOf(reason)!, advice, reason);
    }
  });
});
