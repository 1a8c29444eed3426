import type { Replica } from '../../store/index.ts';
import type { Budgets } from '../budgets/index.ts';
import type { NodeControl } from '../control-api.ts';
import { DaemonError } from '../errors.ts';
import type { EventBus } from '../events/index.ts';
import type { TokenFile } from '../keys/index.ts';
import type { Mesh } from '../mesh/index.ts';
import type { Replicator } from '../replicator/index.ts';
import type { Guarding } from './guarding/index.ts';
import type { DaemonInit } from './init.ts';
import { appliersOf, LiveConfig } from './live-config/index.ts';
import type { PeerRules } from './network/index.ts';
import type { Pausing } from './pausing/index.ts';
import { refusedItems } from './refusing/index.ts';

interface ControlParts extends Guarding, Pick<PeerRules, 'roles' | 'penalties'> {
  mesh: Mesh;
  replica: Replica;
  replicator: Replicator;
  budgets: Budgets;
  pausing: Pausing;
  token: TokenFile;
  events: Pick<EventBus, 'config' | 'refused'>;
  /** Whether the daemon shuts down: nothing is changed then. */
  closing: () => boolean;
}

/** The operator's hold on the parts of a running daemon. */
export function nodeControl(
  { config, configuration, logger }: DaemonInit,
  parts: ControlParts,
): NodeControl {
  const { pausing, pruner, replica, token, events, closing } = parts;
  const appliers = appliersOf({ ...parts, logger });
  const { origins = null, read = null } = configuration ?? {};
  const onChanged = (keys: readonly string[]): void => events.config(keys);
  const live = new LiveConfig({ config, origins, read, appliers, token, onChanged, logger });
  const requireOpen = (): void => {
    if (closing()) throw new DaemonError('SHUTTING_DOWN', 'the daemon is shutting down');
  };
  return {
    configuration: () => live.answer,
    async reload() {
      requireOpen();
      return live.reload();
    },
    setLogLevel: (level) => live.setLogLevel(level),
    pause: (init) => pausing.pause(init),
    resume: (peerId) => pausing.resume(peerId),
    ...refusedItems(parts),
    confirmRetention() {
      requireOpen();
      return pruner.confirm();
    },
    async compact(options) {
      requireOpen();
      return replica.compact(options);
    },
  };
}
