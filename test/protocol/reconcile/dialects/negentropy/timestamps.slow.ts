import { describe, it } from 'node:test';
import { everyStorage } from './storages.ts';
import { check, HINTS } from './timestamps.ts';

describe('negentropy at one timestamp', () => {
  for (const storage of everyStorage()) {
    it(`reconciles 200,000 items over a ${storage.name}`, async () => {
      await check(storage, 200_000, HINTS['all the same']!, 60_000);
    });
  }
});
