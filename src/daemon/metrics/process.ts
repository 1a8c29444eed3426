import { collectDefaultMetrics, Registry } from 'prom-client';
import type { BulkPace } from '../../store/index.ts';
import { textOf } from './declare.ts';

/** Node's own metrics of this process; to be called once a process, since it watches the event loop from then on. */
export function processMetrics(): (pace: BulkPace) => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return (pace) => textOf(registry, pace);
}
