/** Replication that an operator has paused, with all peers or with some: who is paused, and for how long. */

export { loadPauses } from './load-pauses.ts';
export { type PausedFile, pausedFile } from './paused-file.ts';
export { PausedPeers, type PausedSet } from './paused-peers.ts';
export {
  NEVER_PAUSED,
  type PausedNow,
  type PausedView,
  pausedNow,
  refusePaused,
} from './paused-view.ts';
export { Pausing } from './pausing.ts';
