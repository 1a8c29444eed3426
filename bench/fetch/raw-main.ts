import { randomBytes } from 'node:crypto';
import { Level } from 'level';
import { MAX_OPEN_FILES, WRITE_BUFFER_BYTES } from '../../src/store/level/testing.ts';
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
const options: object = { sync: true };
for (const batch of batches(sizes, 1_024)) {
  const operations = batch.map(({ payload }) => {
    return { type: 'put', key: new Uint8Array(randomBytes(40)), value: payload } as const;
  });
  const begin = performance.now();
  await database.batch(operations, options);
  ms += performance.now() - begin;
  items += batch.length;
}
await database.close();
console.log(JSON.stringify((1_000 * items) / ms));
