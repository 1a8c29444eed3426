import { describe, it } from 'node:test';
import { everyStorage } from './storages.ts';
import { check, HINTS } from './timestamps.ts';

describe('negentropy at any timestamp', () => {
  for (const storage of everyStorage()) {
    for (const [name, hint] of Object.entries(HINTS)) {
      it(`reconciles 5,000 items ${name} over a ${storage.name}`, async () => {
        for (const cap of [0, 4_096]) await check(storage, 5_000, hint, cap);
      });
    }

    it(`reconciles 50,000 items at one timestamp over a ${storage.name}`, async () => {
      await check(storage, 50_000, HINTS['all the same']!, 60_000);
    });
  }
});
