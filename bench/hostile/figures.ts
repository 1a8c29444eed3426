/**
 * The result of one attack. Memory is the resident set of the victim; `rssAfterMb` and `liveAfterMb` are
 * after a collection. `liveAfterMb` is what JavaScript holds: if it does not grow, the rest is the allocator's.
 */
export interface HostileFigures {
  readonly bench: 'hostile';
  readonly attack: string;
  readonly rssMb: number;
  readonly rssBeforeMb: number;
  readonly rssAfterMb: number;
  readonly liveAfterMb: number;
  readonly loopP99Ms: number;
  readonly livezMaxMs: number;
  /** Without the time in which other processes had the processor: the part that the victim is to blame for. */
  readonly livezOwnMaxMs: number;
  /** Milliseconds from a put at an honest peer until the other honest peers hold the item; likewise without that time. */
  readonly honestPutP99Ms: number;
  /** Seconds from the end of the attack until all sets are equal and `/livez` answers at once. */
  readonly recoveredS: number;
}

/**
 * The result of `--mesh`: medians of all rounds. Memory is the most that the node which
 * catches up had resident. Seconds in which it waited for a processor that others had do not count.
 */
export interface MeshFigures {
  readonly bench: 'hostile-mesh';
  readonly attacks: readonly string[];
  readonly quietS: number;
  readonly attackedS: number;
  readonly ratioTime: number;
  readonly quietRssMb: number;
  readonly attackedRssMb: number;
  readonly ratioRss: number;
}
