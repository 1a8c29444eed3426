import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../../errors.ts';
import { readBounded, replaceFile } from '../../files/index.ts';
import type { Logger } from '../../logging.ts';
import type { KnownPeer } from './known-peers.ts';
import { decodePeers, encodePeers } from './peers-text.ts';

const PEERS_FILE = 'peers.json';

/** A longer file is not one of ours: 1,024 peers with eight long names each take 2 MiB. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface PeersFileInit {
  /** The data directory; it must exist. */
  readonly directory: string;
  readonly networkName: string;
  readonly logger: Logger;
}

/** Keeps the known peers from one run to the next. Neither method rejects. */
export interface SavedPeersFile {
  load(): Promise<readonly KnownPeer[]>;
  save(peers: readonly KnownPeer[]): Promise<void>;
}

/** The known peers in `peers.json`. */
export function peersFile({ directory, networkName, logger }: PeersFileInit): SavedPeersFile {
  const path = join(directory, PEERS_FILE);
  const warn = (what: string) =>
    logger.warn({ code: 'PEERS_FILE_UNUSABLE', path }, `the file of known peers ${path} ${what}`);
  return {
    async load() {
      const bytes = await readBounded(path, MAX_BYTES).catch((error) => {
        warn(`cannot be read (${reasonOf(error)}), so only network.peers are dialled`);
        return null;
      });
      if (bytes === null) return [];
      try {
        const saved = decodePeers(new TextDecoder().decode(bytes));
        return saved.network === networkName ? saved.peers : [];
      } catch (error) {
        warn(await putAside(path, reasonOf(error)));
        return [];
      }
    },
    async save(peers) {
      await replaceFile(path, encodePeers({ network: networkName, peers })).catch((error) =>
        warn(`cannot be written (${reasonOf(error)}), so the known peers are not kept`),
      );
    },
  };
}

/** Returns the news of it, as the end of a sentence. */
async function putAside(path: string, why: string): Promise<string> {
  const aside = `${path}.damaged`;
  try {
    await rename(path, aside);
    return `is not one (${why}); it is now ${aside}, and the mesh is learnt again`;
  } catch (error) {
    return `is not one (${why}), and cannot be moved away (${reasonOf(error)})`;
  }
}
