/** For tests alone: the parts of this room that they look at from inside. */

export {
  announceOptions,
  fetchOptions,
  indexOptions,
  meshOptions,
  reconcileOptions,
  replicaLimits,
  replicatorOptions,
} from './config-options.ts';
export { NodeItems, OwnFeed } from './items/index.ts';
export { type Applier, appliersOf, LiveConfig } from './live-config/index.ts';
export { ClockWatch, clockApart, RoleNotices, TwinWatch } from './network/index.ts';
export { type PausedFile, PausedPeers, Pausing, pausedFile } from './pausing/index.ts';
export { RunningNode } from './running-node.ts';
export { catchUpStatus, lastSession, provedAt, storeStatus } from './status-view.ts';
export { type VerdictFacts, verdictOf } from './verdict.ts';
export { wantsFile } from './wants-file.ts';
