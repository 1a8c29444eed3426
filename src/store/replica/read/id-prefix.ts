import { hexToBytes } from '../../bytes.ts';
import { StoreError } from '../../errors.ts';
import { ID_BYTES } from '../../item.ts';
import { behind, type Database, walk } from '../../level/index.ts';
import type { SetKeys } from '../records/index.ts';

const ID_DIGITS = 2 * ID_BYTES;

/** The ids in the database that begin with these hexadecimal digits, in order. Throws `INVALID_ID`. */
export async function* idsWith(
  database: Database,
  keys: Pick<SetKeys, 'id'>,
  prefix: string,
): AsyncGenerator<Uint8Array, void> {
  if (typeof prefix !== 'string' || !/^[0-9a-f]{1,64}$/i.test(prefix)) {
    const message = `an id has ${ID_DIGITS} hexadecimal digits: give the first of them`;
    throw new StoreError('INVALID_ID', message);
  }
  const bound = (digit: string) => keys.id(hexToBytes(prefix.padEnd(ID_DIGITS, digit)));
  const range = { gte: bound('0'), lt: behind(bound('f')) };
  for await (const records of walk(database, range, { records: 16, values: false })) {
    for (const [key] of records) yield key.slice(key.length - ID_BYTES);
  }
}
