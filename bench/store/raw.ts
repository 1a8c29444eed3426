import { randomFillSync } from 'node:crypto';
import { Level } from 'level';
import {
  BLOCK_CACHE_BYTES,
  MAX_OPEN_FILES,
  TABLE_BYTES,
  WRITE_BUFFER_BYTES,
} from '../../src/store/level/testing.ts';
import { ItemSource, ingest, type Order } from '../support/items.ts';
import { SYNCED } from '../support/synced.ts';

/**
 * Puts the payloads into `level` under keys of the same kind, with nothing else, batch by batch, in
 * chained batches as the product does: they are quicker than arrays; items a second.
 */
const [directory, order, n, batch, bytes] = process.argv.slice(2) as [
  string,
  Order,
  string,
  string,
  string?,
];
const database = new Level<Uint8Array, Uint8Array>(directory, {
  keyEncoding: 'view',
  valueEncoding: 'view',
  writeBufferSize: WRITE_BUFFER_BYTES,
  maxOpenFiles: MAX_OPEN_FILES,
  maxFileSize: TABLE_BYTES,
  cacheSize: BLOCK_CACHE_BYTES,
});
await database.open();
const ids = new Uint8Array(1 << 16);
const source = new ItemSource(order, bytes === undefined ? undefined : Number(bytes));
const sizes = {
  count: Number(n),
  batch: Number(batch),
  callers: 1,
};
const perSecond = await ingest(source, sizes, (items) => {
  randomFillSync(ids);
  const chained = database.batch();
  for (const [i, { hint, payload }] of items.entries()) {
    const key = new Uint8Array(40);
    new DataView(key.buffer).setBigUint64(0, hint);
    key.set(ids.subarray(32 * i, 32 * i + 32), 8);
    chained.put(key, payload);
  }
  return chained.write(SYNCED);
});
await database.close();
console.log(JSON.stringify(perSecond));
