import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { openIfThere, replaceFile } from '../../files/index.ts';
import type { Logger } from '../../logging.ts';
import type { KnownPeer } from './known-peers.ts';
import { decodePeers, encodePeers } from './peers-text.ts';

export const PEERS_FILE = 'peers.json';

/** A longer file is not one of ours: 1,024 peers with eight long names each take 2 MiB. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface PeersFileInit {
  /** The data directory; it must exist. */
  readonly directory: string;
  readonly networkName: string;
  readonly logger: Logger;
}

/** What is kept of the known peers from one run to the next. Neither method rejects. */
export interface SavedPeersFile {
  load(): Promise<readonly KnownPeer[]>;
  save(peers: readonly KnownPeer[]): Promise<void>;
}

/**
 * The known peers in `peers.json`. libp2p's own peer store could be kept on disk too, but it forgets
 * addresses after an hour and peers after six, and has no bound on how many they are.
 */
export function peersFile(init: PeersFileInit): SavedPeersFile {
  const path = join(init.directory, PEERS_FILE);
  const { networkName, logger } = init;
  return {
    load: () => load(path, networkName, logger),
    async save(peers) {
      try {
        await replaceFile(path, encodePeers({ network: networkName, peers }));
      } catch (error) {
        warn(logger, path, `cannot be written (${reason(error)}), so the known peers are not kept`);
      }
    },
  };
}

async function load(path: string, network: string, logger: Logger): Promise<readonly KnownPeer[]> {
  let text: string | null;
  try {
    text = await readText(path);
  } catch (error) {
    warn(logger, path, `cannot be read (${reason(error)}), so only network.peers are dialled`);
    return [];
  }
  try {
    const saved = text === null ? null : decodePeers(text);
    return saved?.network === network ? saved.peers : [];
  } catch (error) {
    await putAside(path, logger, reason(error));
    return [];
  }
}

/** Null when there is no such file. */
async function readText(path: string): Promise<string | null> {
  const file = await openIfThere(path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    return size > MAX_BYTES ? '' : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function putAside(path: string, logger: Logger, why: string): Promise<void> {
  const aside = `${path}.damaged`;
  try {
    await rename(path, aside);
    warn(logger, path, `is not one (${why}); it is now ${aside}, and the mesh is learnt again`);
  } catch (error) {
    warn(logger, path, `is not one (${why}), and cannot be moved away (${reason(error)})`);
  }
}

function warn(logger: Logger, path: string, what: string): void {
  logger.warn({ code: 'PEERS_FILE_UNUSABLE', path }, `the file of known peers ${path} ${what}`);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
