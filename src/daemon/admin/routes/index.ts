/** All calls of the endpoint, each declared once: see "A new admin call" in docs/architecture.md. */

import type { Operation } from '../operation.ts';
import { pageOperations } from '../page/index.ts';
import { bulkOperations } from './bulk.ts';
import { changesOperations } from './changes.ts';
import { controlOperations } from './control.ts';
import { eventOperations } from './events.ts';
import { explainOperations } from './explain.ts';
import { healthOperations } from './health.ts';
import { itemOperations } from './items.ts';
import { meshOperations } from './mesh.ts';
import { metricsOperations } from './metrics.ts';
import { openApiOperations } from './openapi.ts';
import { refusedOperations } from './refused.ts';
import { retentionOperations } from './retention.ts';
import { verifyOperations } from './verify.ts';

export const OPERATIONS: readonly Operation[] = [
  ...healthOperations,
  ...meshOperations,
  ...explainOperations,
  ...eventOperations,
  ...itemOperations,
  ...bulkOperations,
  ...refusedOperations,
  ...changesOperations,
  ...verifyOperations,
  ...controlOperations,
  ...retentionOperations,
  ...openApiOperations,
  ...pageOperations,
  ...metricsOperations,
];

export { formatCursor, LASTING } from './items.ts';
