import type { DiscoveryStatus } from '../mesh/index.ts';
import type { Declarations } from './declare.ts';

/** The metrics of the place of this node in the mesh. */
export interface MeshMetrics {
  update(status: DiscoveryStatus): void;
}

export function meshMetrics(declare: Declarations): MeshMetrics {
  const degree = declare.gauge('mesh_degree', 'Connections to other nodes that this node seeks.');
  const connected = declare.gauge('mesh_connected', 'Connected nodes of the mesh.');
  const known = declare.gauge('mesh_known', 'Nodes of the mesh that discovery knows.');
  return {
    update(status) {
      degree.set(status.degree);
      connected.set(status.connected);
      known.set(status.known);
    },
  };
}
