import type { RetentionOptions } from './options.ts';

/** The items at or above the present floor. */
export interface KeptItems {
  readonly items: number;
  /** Bytes that they take on disk. */
  readonly storedBytes: number;
  /** The hint of the item with this rank among them. */
  hintAt(rank: number): bigint;
}

export interface FloorGoal {
  /** Items with lower hints are to go. */
  readonly floor: bigint;
  /** The set is too large, and no floor parts its items, or none that may be yet. */
  readonly stuck: boolean;
}

/** Room for new items until the next step. */
const LEFT_FREE = 0.05;
/** Most of the items that go in one step: the bytes of the items are reckoned from the mean. */
const MOST_AT_ONCE = 0.05;

/** By which times the floor may rise. */
export interface GoalTimes {
  /** Wall time; null: it is not believed. */
  readonly now: number | null;
  /** Size raises the floor up to here; null: hints are no times. */
  readonly latest: bigint | null;
}

export function floorGoal(
  options: RetentionOptions,
  { now, latest }: GoalTimes,
  kept: KeptItems,
): FloorGoal {
  const { maxAge, minHint, maxBytes } = options;
  const byAge = maxAge === 0 || now === null ? 0n : ageFloor(now, maxAge);
  const bySize = maxBytes === 0 ? null : sizeFloor(maxBytes, kept, latest);
  const floor = [minHint, bySize ?? 0n].reduce((high, each) => (each > high ? each : high), byAge);
  return { floor, stuck: bySize === undefined };
}

/** In steps, since each step is a commit, and nodes with one floor agree by fewer messages. */
function ageFloor(now: number, maxAge: number): bigint {
  const step = Math.min(60_000, Math.ceil(maxAge / 60));
  return BigInt(Math.max(0, Math.floor((now - maxAge) / step) * step));
}

/** Null: the items fit; undefined: they do not, and no floor up to `latest` parts them. */
function sizeFloor(
  maxBytes: number,
  { items, storedBytes, hintAt }: KeptItems,
  latest: bigint | null,
): bigint | null | undefined {
  if (storedBytes <= maxBytes || items === 0) return null;
  const surplus = 1 - ((1 - LEFT_FREE) * maxBytes) / storedBytes;
  const going = Math.ceil(items * Math.min(surplus, MOST_AT_ONCE));
  const [lowest, highest] = [hintAt(0), hintAt(items - 1)];
  if (lowest === highest || (latest !== null && latest <= lowest)) return undefined;
  const floor = hintAt(Math.min(going, items - 1));
  const parting = floor > lowest ? floor : lowest + 1n;
  return latest !== null && parting > latest ? latest : parting;
}
