import type { SyncedAnswer } from '../../explain-api.ts';
import type { Change } from '../../schemas/index.ts';

/** The latest items in their order of arrival. */
export interface ArrivingItems {
  /** Of the places; null: nothing was read yet. */
  readonly epoch: string | null;
  /** The last place given. */
  readonly newest: number;
  /** The newest first. */
  readonly entries: readonly Change[];
  /** Items that came too fast to be shown. */
  readonly skipped: number;
}

/** Entries that the page keeps. */
export const KEPT_ARRIVALS: number = 40;

export const NO_ARRIVALS: ArrivingItems = { epoch: null, newest: 0, entries: [], skipped: 0 };

/** One read of the order of arrival: `skipped` items before its entries were passed over. */
export interface ArrivalsRead {
  readonly epoch: string;
  readonly newest: number;
  /** The oldest first, as the daemon tells them. */
  readonly entries: readonly Change[];
  readonly skipped: number;
}

export function arrived(before: ArrivingItems, read: ArrivalsRead): ArrivingItems {
  const isSame = before.epoch === read.epoch;
  const kept = isSame ? before.entries : [];
  return {
    epoch: read.epoch,
    newest: read.newest,
    entries: [...read.entries.toReversed(), ...kept].slice(0, KEPT_ARRIVALS),
    skipped: (isSame ? before.skipped : 0) + read.skipped,
  };
}

/**
 * Connected peers that hold the item for certain: it came from them, or both sets were equal after it had
 * come. Both times are of the clock of the daemon.
 */
export function peersHolding(
  { at, from, publisher }: Pick<Change, 'at' | 'from' | 'publisher'>,
  peers: SyncedAnswer['peers'],
): number {
  return peers.filter(({ peerId, equalAsOf }) => {
    if (peerId === from || peerId === publisher) return true;
    if (at === null || equalAsOf === null || !equalAsOf.whole) return false;
    // Instants of a daemon are all written alike, so that they compare as texts.
    return equalAsOf.at >= at;
  }).length;
}
