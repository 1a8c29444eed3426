import { randomBytes } from 'node:crypto';
import { Level } from 'level';
import { MAX_OPEN_FILES, WRITE_BUFFER_BYTES } from '../../src/store/level/testing.ts';
import { SYNCED } from '../support/synced.ts';
import { batches } from './items.ts';

/** The payloads into `level` under keys of the same kind, with nothing else; items a second. */
const [directory, small, large] = process.argv.slice(2) as [string, string, string];
const sizes = { small: Number(small), large: Number(large) };
const database = new Level<Uint8Array, Uint8Array>(directory, {
  keyEncoding: 'view',
  valueEncoding: 'view',
  writeBufferSize: WRITE_BUFFER_BYTES,
  maxOpenFiles: MAX_OPEN_FILES,
});
await database.open();
let items = 0;
let ms = 0;
for (const batch of batches(sizes, 1_024)) {
  const keys = batch.map(() => new Uint8Array(randomBytes(40)));
  const begin = performance.now();
  const chained = database.batch();
  for (const [i, { payload }] of batch.entries()) chained.put(keys[i]!, payload);
  await chained.write(SYNCED);
  ms += performance.now() - begin;
  items += batch.length;
}
await database.close();
console.log(JSON.stringify((1_000 * items) / ms));
