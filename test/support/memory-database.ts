import { MemoryLevel } from 'memory-level';
import type { Database } from '../../src/store/index.ts';

/** A database that a simulated disk holds. */
export function memoryDatabase(): Database {
  return new MemoryLevel<Uint8Array, Uint8Array>({
    keyEncoding: 'view',
    valueEncoding: 'view',
    storeEncoding: 'view',
  });
}
