import type { RetentionStatus } from '../../control-api.ts';
import { type Declarations, setTotal } from '../declare.ts';

/** The metrics of retention. */
export interface RetentionMetrics {
  update(status: RetentionStatus): void;
}

export function retentionMetrics(declare: Declarations): RetentionMetrics {
  const floor = declare.gauge(
    'retention_floor',
    'The hint below which items are not accepted; 0 if all are.',
  );
  const items = declare.counter('retention_pruned_items_total', 'Items removed below the floor.');
  const bytes = declare.counter(
    'retention_pruned_bytes_total',
    'Payload bytes of items removed below the floor.',
  );
  const left = declare.gauge('retention_left_items', 'Items below the floor that are still held.');
  const paused = declare.gauge(
    'retention_paused',
    '1 while the floor does not rise: the clock jumped, or all items have one hint.',
  );
  return {
    update(status) {
      floor.set(Number(status.floor ?? 0));
      setTotal(items, status.removedItems);
      setTotal(bytes, status.removedBytes);
      left.set(status.left);
      paused.set(Number(status.waits !== null));
    },
  };
}
