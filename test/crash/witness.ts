import { openSync, readFileSync, writeSync } from 'node:fs';
import type { Witness } from '../../src/store/index.ts';

/** Remembers the number of the last commit in a file. */
export function fileWitness(path: string): Witness {
  const file = openSync(path, 'a+');
  const write = openSync(path, 'r+');
  return {
    async read() {
      const bytes = readFileSync(file);
      return bytes.length === 8 ? bytes.readDoubleLE() : 0;
    },
    write(commit) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(commit);
      writeSync(write, bytes, 0, 8, 0);
    },
  };
}
