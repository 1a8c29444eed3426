/** Schemas of what a node keeps and refuses. */

export { retentionStatus } from './retention.ts';
