import { prometheusMetrics } from '@libp2p/prometheus-metrics';
import type { Libp2pOptions } from 'libp2p';
import { type Counter, type Registry, register } from 'prom-client';
import type { Declarations } from './declare.ts';

type Libp2pMetrics = NonNullable<Libp2pOptions['metrics']>;

const TRANSFER = 'libp2p_data_transfer_bytes_total';
/** It reads the disk of the working directory, which may hang. */
const DISK = 'nodejs_fs_usage_bytes';

/**
 * libp2p's own metrics, in this registry. The package keeps its metrics in a map of the process, clears it for
 * each node, and clears the global registry of prom-client too, which belongs to the program around us.
 */
export function libp2pMetrics(registry: Registry): Libp2pMetrics {
  const create = prometheusMetrics({ registry, collectDefaultMetrics: false });
  return (components) => {
    const theirs = Object.values(register.getMetricsAsArray());
    const metrics = create(components);
    for (const metric of theirs) register.registerMetric(metric as never);
    registry.removeSingleMetric(DISK);
    return metrics;
  };
}

/** The metrics of bytes on the wire. */
export interface WireMetrics {
  update(): Promise<void>;
}

export function wireMetrics(declare: Declarations, registry: Registry): WireMetrics {
  const bytes = declare.counter(
    'wire_bytes_total',
    'Bytes by protocol: connection (all, encrypted), a dialect, fetch, range, gossip, or other (identify, ping).',
    ['protocol', 'direction'],
  );
  return {
    async update() {
      const transfer = registry.getSingleMetric(TRANSFER) as Counter<'protocol'> | undefined;
      if (transfer === undefined) return;
      const { values } = await transfer.get();
      bytes.reset();
      for (const { labels, value } of values) {
        const [protocol = '', direction = ''] = String(labels.protocol).split(' ');
        bytes.inc({ protocol: kindOf(protocol), direction }, value);
      }
    },
  };
}

/** The kind of a protocol id. Only protocols that this node speaks come here. */
function kindOf(protocol: string): string {
  if (protocol === 'global') return 'connection';
  if (/^\/(meshsub|floodsub)\//.test(protocol)) return 'gossip';
  return /^\/rangemesh\/[^/]+\/([a-z0-9-]+)\//.exec(protocol)?.[1] ?? 'other';
}
