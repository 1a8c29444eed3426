/** Payload bytes from and to peers. */
export interface TransferredBytes {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Those of requests and those of sessions together. */
export function transferOf(
  fetch: { readonly totals: TransferredBytes },
  reconcile: { readonly itemTotals: TransferredBytes },
): TransferredBytes {
  const { totals } = fetch;
  const { itemTotals } = reconcile;
  return {
    receivedBytes: totals.receivedBytes + itemTotals.receivedBytes,
    sentBytes: totals.sentBytes + itemTotals.sentBytes,
  };
}
