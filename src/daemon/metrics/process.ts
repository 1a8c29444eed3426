import { collectDefaultMetrics, Registry } from 'prom-client';

/** Node's own metrics of this process; to be called once a process, since it watches the event loop from then on. */
export function processMetrics(): () => Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return () => registry.metrics();
}
