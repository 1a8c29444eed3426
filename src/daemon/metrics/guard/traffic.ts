import type { Traffic, TrafficDirection } from '../../../protocol/index.ts';
import { type Declarations, setTotals } from '../declare.ts';

/** The budget of bytes on the wire. */
export type TrafficFigures = Pick<Traffic, 'totals' | 'rates'>;

const DIRECTIONS: readonly TrafficDirection[] = ['upload', 'download'];

/** The metrics of the budget of bytes on the wire. */
export function trafficMetrics(declare: Declarations): { update(traffic: TrafficFigures): void } {
  const bytes = declare.counter(
    'traffic_bytes_total',
    'Bytes of replication charged to the budget: of sessions, fetch and gossip.',
    ['direction'],
  );
  const limits = declare.gauge(
    'traffic_limit_bytes',
    'Bytes a second that all peers together may have now; 0: no limit.',
    ['direction'],
  );
  const waited = declare.counter(
    'traffic_waiting_seconds_total',
    'Seconds that streams of fetch have waited for the budget, over all of them.',
    ['direction'],
  );
  return {
    update({ totals, rates }) {
      const of = (value: (direction: TrafficDirection) => number): [string, number][] =>
        DIRECTIONS.map((direction) => [direction, value(direction)]);
      setTotals(
        bytes,
        'direction',
        of((direction) => totals.bytes[direction]),
      );
      setTotals(
        waited,
        'direction',
        of((direction) => totals.waitedMs[direction] / 1_000),
      );
      for (const [direction, rate] of of((one) => rates[one])) limits.set({ direction }, rate);
    },
  };
}
