import type { FetchReport, RangeReport } from '../../protocol/index.ts';
import { type Declarations, SECONDS, setTotals } from './declare.ts';

/** The metrics of requests for items. */
export interface FetchMetrics {
  ended(report: FetchReport, durationMs: number): void;
  streamed(report: RangeReport, durationMs: number): void;
  update(totals: FetchTotals): void;
}

interface FetchTotals {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export function fetchMetrics(declare: Declarations): FetchMetrics {
  const requests = declare.counter(
    'fetch_requests_total',
    'Ended requests. Outcome: complete, invalid, stalled or failed.',
    ['outcome'],
  );
  const seconds = declare.histogram('fetch_request_seconds', 'Durations of requests.', SECONDS);
  const answers = declare.counter(
    'fetch_answers_total',
    'Answers to ids: item, absent, large (asked for again by itself) or too_large.',
    ['answer'],
  );
  const streams = declare.counter(
    'range_requests_total',
    'Ended requests for ranges. Outcome: complete, mismatch, invalid, stalled or failed.',
    ['outcome'],
  );
  const streamedItems = declare.counter('range_items_total', 'Items that came by ranges.');
  const streamSeconds = declare.histogram(
    'range_request_seconds',
    'Durations of requests for ranges.',
    SECONDS,
  );
  const bytes = declare.counter(
    'fetch_payload_bytes_total',
    'Payload bytes from and to peers, repeats and partial items included.',
    ['direction'],
  );
  return {
    ended({ outcome, items, absent, large, tooLarge }, durationMs) {
      requests.inc({ outcome });
      seconds.observe(durationMs / 1_000);
      answers.inc({ answer: 'item' }, items);
      answers.inc({ answer: 'absent' }, absent.length);
      answers.inc({ answer: 'large' }, large.length);
      answers.inc({ answer: 'too_large' }, tooLarge.length);
    },
    streamed({ outcome, items }, durationMs) {
      streams.inc({ outcome });
      streamedItems.inc({}, items);
      streamSeconds.observe(durationMs / 1_000);
    },
    update({ receivedBytes, sentBytes }) {
      setTotals(bytes, 'direction', [
        ['received', receivedBytes],
        ['sent', sentBytes],
      ]);
    },
  };
}
