import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DISK_BYTES = 192 * 2 ** 20;
const BALLAST = 'ballast';

/** A directory of a node; on a disk of its own where mounting is permitted. */
export class NodeDisk {
  readonly directory: string;
  /** It is a disk of its own, which can be filled and made read-only. */
  readonly isOwn: boolean;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.isOwn = run('mount', '-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory);
  }

  get dataDir(): string {
    return join(this.directory, 'data');
  }

  /** Leaves `bytes` free. */
  fill(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.directory);
    const length = Math.max(0, bavail * bsize - bytes);
    writeFileSync(join(this.directory, BALLAST), Buffer.alloc(length));
  }

  free(): void {
    rmSync(join(this.directory, BALLAST), { force: true });
  }

  /** False: a file is open for writing, or it is not permitted. */
  makeReadOnly(): boolean {
    return run('mount', '-o', 'remount,ro', this.directory);
  }

  makeWritable(): void {
    run('mount', '-o', `remount,rw,size=${DISK_BYTES}`, this.directory);
  }

  remove(): void {
    if (this.isOwn) run('umount', '-l', this.directory);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function run(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
