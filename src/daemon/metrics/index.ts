/**
 * What `GET /metrics` tells. Each file declares the metrics of one room in one typed object. The rooms count
 * through ports of their own, and know nothing of Prometheus.
 */

export type { BudgetFigures } from './daemon.ts';
export type { TrafficFigures } from './guard/index.ts';
export { Metrics, type MetricsFigures, type MetricsInit } from './metrics.ts';
export type { PeerFigures } from './peers.ts';
export { processMetrics } from './process.ts';
export type { SyncFigures } from './sync.ts';
