import type { FetchService, ReconcileService } from '../../../protocol/index.ts';
import type { Logger } from '../../logging.ts';
import { type PausedFile, pausedFile } from './paused-file.ts';
import { PausedPeers, type PausedPeersInit, type PausedSet } from './paused-peers.ts';

interface LoadPausesInit extends Pick<PausedPeersInit, 'replicator'> {
  /** The data directory. */
  directory: string;
  logger: Logger;
  /** Asked for when a pause begins. */
  services: () => {
    readonly reconcile: Pick<ReconcileService, 'interrupt'>;
    readonly fetch: Pick<FetchService, 'interrupt'>;
  };
}

/** The pause that the last run left. Loaded before the first peer connects, it counts from the beginning. */
export async function loadPauses({
  directory,
  logger,
  replicator,
  services,
}: LoadPausesInit): Promise<{ paused: PausedPeers; file: PausedFile; kept: PausedSet }> {
  const interrupt = (peer: string): void => {
    const { reconcile, fetch } = services();
    reconcile.interrupt(peer);
    fetch.interrupt(peer);
  };
  const paused = new PausedPeers({ replicator, interrupt });
  const file = pausedFile(directory, logger);
  const kept = await file.load();
  paused.set(kept);
  return { paused, file, kept };
}
