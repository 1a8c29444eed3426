import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readBounded, replaceFile } from '../../files/index.ts';
import type { Logger } from '../../logging.ts';
import type { PausedSet } from './paused-peers.ts';

/** Peers that can be paused one by one. */
export const MAX_PAUSED_PEERS = 1_024;

const MAX_BYTES = 256 * 1024;
const kept = z.strictObject({
  all: z.boolean(),
  peers: z.array(z.string().min(1).max(256)).max(MAX_PAUSED_PEERS),
});

/** Where a pause outlives a restart. */
export interface PausedFile {
  load(): Promise<PausedSet>;
  /** Resolves once it is on disk. */
  save(paused: PausedSet): Promise<void>;
}

const NONE: PausedSet = { all: false, peers: new Set() };

/** The file `paused` in the data directory; there is none while no pause is to be kept. */
export function pausedFile(directory: string, logger: Logger): PausedFile {
  const path = join(directory, 'paused');
  return {
    async load() {
      const bytes = await readBounded(path, MAX_BYTES);
      if (bytes === null) return NONE;
      try {
        const { all, peers } = kept.parse(JSON.parse(new TextDecoder().decode(bytes)));
        return { all, peers: new Set(peers) };
      } catch {
        // An operator wanted a pause: to replicate against that wish cannot be undone.
        const message = `${path} cannot be read, so replication with all peers is paused: run "rangemesh resume"`;
        logger.warn({ code: 'PAUSE_UNREADABLE', path }, message);
        return { all: true, peers: new Set() };
      }
    },
    async save({ all, peers }) {
      if (!all && peers.size === 0) await rm(path, { force: true });
      else await replaceFile(path, `${JSON.stringify({ all, peers: [...peers] })}\n`);
    },
  };
}
