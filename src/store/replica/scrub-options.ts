export interface ScrubOptions {
  /**
   * Items read and checked against their ids each second, in the background; an item of more than
   * 16 KiB counts as so many of that size. 0 turns it off. Raising it finds damage sooner and reads more.
   * @default 0
   */
  itemsPerSecond: number;
  /**
   * Damaged items within an hour at which scrubbing stops and says so: that many are no accident of a
   * disk, and an operator should look first.
   * @default 100
   */
  maxDamagedPerHour: number;
}

export const DEFAULT_SCRUB: ScrubOptions = { itemsPerSecond: 0, maxDamagedPerHour: 100 };
