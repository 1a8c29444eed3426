import type { Disk } from '../environment.ts';
import { nodeFiles } from './builtin.ts';

/** The disk that `directory` lies on. Throws `NEEDS_NODE` in browsers. */
export function systemDisk(directory: string): Disk {
  const { open, rm, statfs } = nodeFiles('give the replica a Disk of your own');
  return {
    async freeBytes() {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    async checkWritable() {
      const path = `${directory}/writable`;
      const file = await open(path, 'w', 0o600);
      try {
        await file.writeFile('1');
        await file.sync();
      } finally {
        await file.close();
      }
      await rm(path);
    },
  };
}
