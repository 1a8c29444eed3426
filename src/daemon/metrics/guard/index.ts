/** The metrics of the bounds that an operator sets on the mesh. */

export { policyMetrics } from './policy.ts';
export { retentionMetrics } from './retention.ts';
export { type TrafficFigures, trafficMetrics } from './traffic.ts';
