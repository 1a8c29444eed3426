import type { FetchReport } from '../../protocol/index.ts';
import { type Declarations, SECONDS, setTotals } from './declare.ts';

/** The metrics of requests for items. */
export interface FetchMetrics {
  ended(report: FetchReport, durationMs: number): void;
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
    update({ receivedBytes, sentBytes }) {
      setTotals(bytes, 'direction', [
        ['received', receivedBytes],
        ['sent', sentBytes],
      ]);
    },
  };
}
