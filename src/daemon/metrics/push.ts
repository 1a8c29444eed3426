import type { AnnounceTotals } from '../../protocol/index.ts';
import { type Declarations, setTotal, setTotals } from './declare.ts';

/** The metrics of push. */
export interface PushMetrics {
  /** Null: push is off. */
  update(totals: AnnounceTotals | null): void;
}

export function pushMetrics(declare: Declarations): PushMetrics {
  const items = declare.counter(
    'push_items_total',
    'Items of announcements: announced, dropped (own, left to sessions), received, known (here already).',
    ['result'],
  );
  const messages = declare.counter(
    'push_messages_total',
    'Messages of announcements that came: heard, duplicate, rejected or ignored.',
    ['result'],
  );
  const gaps = declare.counter('push_gaps_total', 'Announcements that did not arrive in time.');
  const overloaded = declare.gauge(
    'push_overloaded',
    '1 while the event loop is too slow for push.',
  );
  return {
    update(totals) {
      if (totals === null) return;
      setTotals(items, 'result', [
        ['announced', totals.announced],
        ['dropped', totals.dropped],
        ['received', totals.received],
        ['known', totals.known],
      ]);
      setTotals(messages, 'result', [
        ['heard', totals.messages],
        ['duplicate', totals.duplicates],
        ['rejected', totals.rejected],
        ['ignored', totals.ignored],
      ]);
      setTotal(gaps, totals.gaps);
      overloaded.set(Number(totals.overloaded));
    },
  };
}
