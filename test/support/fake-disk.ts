import type { Disk } from '../../src/store/index.ts';

/** A disk whose free space the test decides: a terabyte unless told otherwise. */
export class FakeDisk implements Disk {
  free: number = 2 ** 40;
  asked = 0;
  /** Why nothing can be written; null while it can. */
  readOnly: Error | null = null;

  async freeBytes(): Promise<number> {
    this.asked++;
    return this.free;
  }

  async checkWritable(): Promise<void> {
    if (this.readOnly !== null) throw this.readOnly;
  }
}
