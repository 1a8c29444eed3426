import type { Fetch, ReconcileService } from '../../protocol/index.ts';

/** Payload bytes of requests and those of sessions together. */
export function transferOf(
  { totals }: Pick<Fetch, 'totals'>,
  { itemTotals }: Pick<ReconcileService, 'itemTotals'>,
): Fetch['totals'] {
  return {
    receivedBytes: totals.receivedBytes + itemTotals.receivedBytes,
    sentBytes: totals.sentBytes + itemTotals.sentBytes,
  };
}
