import type { Incident, ReplicaFigures, WrittenCommit } from '../../store/index.ts';
import { type Declarations, SECONDS, setOrOmit, setTotal, setTotals } from './declare.ts';

/** Codes without an incident are 0: Prometheus sees no increase in a series that begins at 1. */
const NO_INCIDENTS = Object.entries({
  COMMITS_LOST: 0,
  INDEX_DAMAGED: 0,
  REBUILD_INTERRUPTED: 0,
  INDEX_REBUILT: 0,
  WRITE_FAILED: 0,
  ITEM_DAMAGED: 0,
  SCRUB_STOPPED: 0,
  RECORD_MENDED: 0,
  READ_FAILED: 0,
  DATABASE_REPAIRED: 0,
  VERIFY_FAILED: 0,
  INVARIANT_BROKEN: 0,
} satisfies Record<Incident['code'], 0>);

/** The metrics of the set on this disk. */
export interface StoreMetrics {
  written(commit: WrittenCommit): void;
  update(figures: ReplicaFigures): void;
}

export function storeMetrics(declare: Declarations): StoreMetrics {
  const seconds = declare.histogram(
    'commit_seconds',
    'Durations of the synced writes of commits.',
    SECONDS,
  );
  const bytes = declare.counter('commit_bytes_total', 'Bytes of the records of commits.');
  const gauges = declareGauges(declare);
  const totals = declareTotals(declare);
  return {
    written(commit) {
      seconds.observe(commit.durationMs / 1_000);
      bytes.inc(commit.bytes);
    },
    update(figures) {
      const { scrub, cache } = figures;
      gauges.items.set(figures.items);
      gauges.payload.set(figures.bytes);
      gauges.stored.set(figures.storedBytes);
      gauges.buffered.set(figures.buffered);
      gauges.commit.set(figures.commit);
      gauges.quarantined.set(figures.quarantined);
      for (const [by, count] of Object.entries(figures.refused)) gauges.keptOut.set({ by }, count);
      gauges.refusing.set(Number(figures.refusing !== null));
      gauges.rebuilding.set(Number(figures.rebuilding !== null));
      gauges.needsRefill.set(Number(figures.needsRefill));
      setOrOmit(gauges.free, figures.freeBytes);
      gauges.reserved.set(figures.minFreeBytes);
      gauges.scrubbing.set(Number(scrub.running));
      setTotal(totals.scrubbed, scrub.checked);
      setTotal(totals.passes, scrub.passes);
      setTotal(totals.hits, cache.hits);
      setTotal(totals.misses, cache.misses);
      setTotals(totals.incidents, 'code', [...NO_INCIDENTS, ...figures.incidentCounts]);
    },
  };
}

function declareGauges(declare: Declarations) {
  return {
    items: declare.gauge('items', 'Items in the set.'),
    payload: declare.gauge('payload_bytes', 'Payload bytes in the set.'),
    stored: declare.gauge('stored_bytes', 'Bytes that limits.maxSetBytes counts.'),
    buffered: declare.gauge('buffered_keys', 'Keys on their way into the tree.'),
    commit: declare.gauge('commit_number', 'Number of the last commit.'),
    quarantined: declare.gauge('quarantined_items', 'Damaged items that did not come again yet.'),
    keptOut: declare.gauge('kept_out_items', 'Ids of refused items, by who refused them.', ['by']),
    refusing: declare.gauge('store_refusing', '1 while the store takes no puts.'),
    rebuilding: declare.gauge('store_rebuilding', '1 while the index is built again.'),
    needsRefill: declare.gauge('store_needs_refill', '1 while lost items are fetched again.'),
    free: declare.gauge('disk_free_bytes', 'Bytes free on the disk of the data directory.'),
    reserved: declare.gauge(
      'disk_reserved_bytes',
      'Bytes that are to stay free: limits.minFreeBytes.',
    ),
    scrubbing: declare.gauge('scrub_running', '1 while the scrubber runs.'),
  };
}

function declareTotals(declare: Declarations) {
  return {
    scrubbed: declare.counter('scrubbed_items_total', 'Items that the scrubber has read.'),
    passes: declare.counter(
      'scrub_passes_total',
      'Times that the scrubber has read the whole set.',
    ),
    hits: declare.counter('cache_hits_total', 'Tree nodes that were in the cache.'),
    misses: declare.counter('cache_misses_total', 'Tree nodes that were read from the database.'),
    incidents: declare.counter('incidents_total', 'Incidents of the store by code.', ['code']),
  };
}
