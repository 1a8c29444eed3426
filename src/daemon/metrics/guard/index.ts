/** The metrics of the bounds that an operator sets on the mesh. */

export { retentionMetrics } from './retention.ts';
