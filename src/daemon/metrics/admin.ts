import type { Counter } from 'prom-client';
import type { AdminObserver } from '../admin/index.ts';
import { type Declarations, SECONDS } from './declare.ts';
import type { RefusalMetrics } from './refusals.ts';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH']);

/** The metrics of the admin endpoint. */
export function adminMetrics(declare: Declarations, refusals: RefusalMetrics): AdminObserver {
  const tally = new RequestTally();
  declare.counter(
    'http_requests_total',
    'Answered requests of the admin endpoint.',
    ['method', 'route', 'status'],
    (counter) => tally.moveTo(counter),
  );
  const seconds = declare.histogram('http_request_seconds', 'Durations of requests.', SECONDS, [
    'route',
  ]);
  return {
    // A client may invent paths and methods: neither makes a series.
    answered({ method, route = 'none', status, ms }) {
      tally.count({ method: METHODS.has(method) ? method : 'other', route, status });
      seconds.observe({ route }, ms / 1_000);
    },
    refused: (code) => refusals.refused('http', code),
  };
}

type RequestLabels = Record<'method' | 'route' | 'status', string | number>;

interface Tallied {
  readonly labels: RequestLabels;
  count: number;
}

/** Requests since the metrics were last read. A counter makes a name of its labels for each step. */
class RequestTally {
  #kinds: Tallied[] = [];

  count(labels: RequestLabels): void {
    const { method, route, status } = labels;
    const known = this.#kinds.find(
      ({ labels: of }) => of.status === status && of.route === route && of.method === method,
    );
    if (known === undefined) this.#kinds.push({ labels, count: 1 });
    else known.count++;
  }

  moveTo(counter: Counter<keyof RequestLabels>): void {
    for (const { labels, count } of this.#kinds) counter.inc(labels, count);
    this.#kinds = [];
  }
}
