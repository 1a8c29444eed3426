import { join } from 'node:path';
import { systemClock, systemDisk, systemWitness } from '../../src/daemon/system.ts';
import { openDatabase, Replica } from '../../src/store/index.ts';

/** A replica in `directory`, with nodes and a buffer small enough that every few commits merge. */
export function openReplica(directory: string): Promise<Replica> {
  return Replica.open({
    open: () => openDatabase(join(directory, 'db')),
    clock: systemClock,
    disk: systemDisk(directory),
    witness: systemWitness(join(directory, 'witness')),
    index: { bufferItems: 500, leafItems: 16, fanout: 8, cacheBytes: 200_000 },
  });
}
