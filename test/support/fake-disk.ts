import type { Disk } from '../../src/store/index.ts';

/** A disk whose free space the test decides: a terabyte unless told otherwise. */
export class FakeDisk implements Disk {
  free: number = 2 ** 40;
  asked = 0;

  async freeBytes(): Promise<number> {
    this.asked++;
    return this.free;
  }
}
