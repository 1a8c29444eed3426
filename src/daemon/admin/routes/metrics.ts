import { type Operation, operation } from '../operation.ts';

/** The metrics of the daemon. */
export const metricsOperations: readonly Operation[] = [
  operation({
    id: 'getMetrics',
    method: 'GET',
    path: '/metrics',
    tag: 'health',
    access: 'read',
    summary: 'Metrics for Prometheus',
    description: 'In the text format of Prometheus; docs/operations-metrics.md lists the names.',
    answers: { 200: { description: 'The metrics', type: 'text/plain', content: 'text' } },
    errors: [],
    handle: async ({ reply }, { metrics }) =>
      reply.type(metrics.contentType).send(await metrics.text()),
  }),
];
