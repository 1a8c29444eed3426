import type { AdminObserver } from '../admin/index.ts';
import { type Declarations, SECONDS } from './declare.ts';
import type { RefusalMetrics } from './refusals.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH']);

/** The metrics of the admin endpoint. */
export function adminMetrics(declare: Declarations, refusals: RefusalMetrics): AdminObserver {
  const requests = declare.counter(
    'http_requests_total',
    'Answered requests of the admin endpoint.',
    ['method', 'route', 'status'],
  );
  const seconds = declare.histogram('http_request_seconds', 'Durations of requests.', SECONDS, [
    'route',
  ]);
  return {
    // A client may invent paths and methods: neither makes a series.
    answered({ method, route = 'none', status, ms }) {
      requests.inc({ method: METHODS.has(method) ? method : 'other', route, status });
      seconds.observe({ route }, ms / 1_000);
    },
    refused: (code) => refusals.refused('http', code),
  };
}
