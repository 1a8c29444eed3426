import type { PutResult } from '../../store/index.ts';
import type { ArrivalObserver } from '../replicator/index.ts';
import { type Declarations, SECONDS } from './declare.ts';
import type { RefusalMetrics } from './refusals.ts';

/** Hints that lie further back are no time of the put, or the item comes from a catch-up. */
const PROPAGATION_MS = 3_600_000;

/** The metrics of items that came onto this disk. */
export interface ArrivalMetrics {
  readonly pushed: ArrivalObserver;
  readonly fetched: ArrivalObserver;
  put(results: readonly PutResult[]): void;
}

export interface ArrivalMetricsInit {
  readonly declare: Declarations;
  readonly refusals: RefusalMetrics;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function arrivalMetrics({ declare, refusals, now }: ArrivalMetricsInit): ArrivalMetrics {
  const added = declare.counter(
    'items_added_total',
    'Items that are new on this disk, by their way: put, push or fetch.',
    ['way'],
  );
  const duplicates = declare.counter(
    'duplicate_items_total',
    'Items that came although they were here: put, push or fetch.',
    ['way'],
  );
  const duplicateBytes = declare.counter(
    'duplicate_bytes_total',
    'Payload bytes of items that peers sent although they were here.',
    ['way'],
  );
  const propagation = declare.histogram(
    'propagation_seconds',
    'Wall time from the hint of an item of a peer to its commit here; hints outside the last hour are left out.',
    SECONDS,
    ['way'],
  );
  const way = (name: 'push' | 'fetch'): ArrivalObserver => ({
    stored(items, results) {
      const at = now();
      const labels = { way: name };
      let [created, repeatedBytes] = [0, 0];
      for (let i = 0; i < items.length; i++) {
        const result = results[i]!;
        if (!result.created) repeatedBytes += items[i]!.payload.length;
        else {
          created++;
          const ms = at - Number(result.hint);
          if (ms >= 0 && ms <= PROPAGATION_MS) propagation.observe(labels, ms / 1_000);
        }
      }
      if (repeatedBytes > 0) duplicateBytes.inc(labels, repeatedBytes);
      added.inc(labels, created);
      duplicates.inc(labels, items.length - created);
    },
    refused: (code) => refusals.refused(name, code),
  });
  // Prometheus sees no increase in a series that begins above 0.
  for (const name of ['put', 'push', 'fetch']) {
    added.inc({ way: name }, 0);
    duplicates.inc({ way: name }, 0);
  }
  return {
    pushed: way('push'),
    fetched: way('fetch'),
    put(results) {
      let created = 0;
      for (const result of results) if (result.created) created++;
      added.inc({ way: 'put' }, created);
      const repeats = results.length - created;
      if (repeats > 0) duplicates.inc({ way: 'put' }, repeats);
    },
  };
}
