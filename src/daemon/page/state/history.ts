/** Figures over time, for the plots. */
export interface SeriesPoint {
  /** Seconds since the epoch, by the clock of the browser. */
  readonly at: number;
  /** Items stored in a second; null: not known yet. */
  readonly itemsPerSecond: number | null;
  readonly receivedPerSecond: number | null;
  readonly sentPerSecond: number | null;
  /** Null: no proof. */
  readonly lagSeconds: number | null;
  readonly items: number;
}

/** Totals of the daemon at one look. */
export interface HistoryTotals {
  readonly at: number;
  /** Places given in the order of arrival; null: not known yet. */
  readonly arrivals: number | null;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Some 20 minutes at a look every two seconds. */
export const MAX_POINTS: number = 600;

/** A point behind the others, the oldest left out beyond the bound. */
export function withPoint(points: readonly SeriesPoint[], point: SeriesPoint): SeriesPoint[] {
  return [...points.slice(-(MAX_POINTS - 1)), point];
}

/** Rates between two looks. A total that fell belongs to another run or epoch, and gives no rate. */
export function ratesBetween(
  before: HistoryTotals | null,
  now: HistoryTotals,
): Pick<SeriesPoint, 'itemsPerSecond' | 'receivedPerSecond' | 'sentPerSecond'> {
  const seconds = before === null ? 0 : now.at - before.at;
  const rate = (earlier: number | null | undefined, later: number | null) =>
    seconds > 0 && earlier != null && later !== null && later >= earlier
      ? (later - earlier) / seconds
      : null;
  return {
    itemsPerSecond: rate(before?.arrivals, now.arrivals),
    receivedPerSecond: rate(before?.receivedBytes, now.receivedBytes),
    sentPerSecond: rate(before?.sentBytes, now.sentBytes),
  };
}
