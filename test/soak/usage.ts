import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdminClient } from '../../scripts/support/admin-client.ts';
import type { DaemonProcess } from '../../scripts/support/daemon-process.ts';

/** What one daemon uses at a moment, and what it holds. */
export interface Sample {
  readonly minute: number;
  readonly node: number;
  /** Restarts of this node before. */
  readonly life: number;
  readonly items: number;
  readonly dataBytes: number;
  readonly dbBytes: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Open file descriptors. */
  readonly files: number;
  /** Sockets, timers and requests that keep the process alive. */
  readonly resources: number;
  readonly peers: number;
}

const MIB = 1024 * 1024;
/** Connections that the soak itself may keep open to a daemon's admin endpoint. */
const CALLERS = 32;

export async function usageOf(
  { daemon, client }: { daemon: DaemonProcess; client: AdminClient },
  at: Pick<Sample, 'minute' | 'node' | 'life'>,
): Promise<Sample> {
  const { set, peers } = await client.status();
  const answer = (await daemon.ask('usage')) as {
    heapUsed: number;
    rss: number;
    resources: number;
  };
  return {
    ...at,
    items: set.items,
    dataBytes: set.bytes,
    dbBytes: await bytesIn(join(daemon.dataDir, 'db')),
    heapBytes: answer.heapUsed,
    rssBytes: answer.rss,
    files: (await readdir(`/proc/${daemon.pid}/fd`)).length,
    resources: answer.resources,
    peers: peers.filter(({ connected }) => connected).length,
  };
}

/** Bounds in proportion to what a daemon holds and to whom it is connected; each with slack. */
export const BOUNDS: Record<string, (sample: Sample) => { is: number; atMost: number }> = {
  'database, bytes': ({ dbBytes, dataBytes, items }) => ({
    is: dbBytes,
    atMost: 32 * MIB + 3 * (dataBytes + 200 * items),
  }),
  'heap, bytes': ({ heapBytes, items }) => ({ is: heapBytes, atMost: 64 * MIB + 400 * items }),
  'resident memory, bytes': ({ rssBytes, items }) => ({
    is: rssBytes,
    atMost: 256 * MIB + 800 * items,
  }),
  'file descriptors': ({ files, peers, dbBytes }) => ({
    is: files,
    atMost: 32 + CALLERS + 4 * peers + dbBytes / MIB,
  }),
  'active resources': ({ resources, peers }) => ({
    is: resources,
    atMost: 16 + CALLERS + 8 * peers,
  }),
};

/**
 * Heap that grew in one life more than its items explain, from a fourth of the way on; null when there
 * are too few samples to tell.
 */
export function heapGrowth(samples: readonly Sample[]): { is: number; atMost: number } | null {
  if (samples.length < 8) return null;
  const first = lowest(samples.slice(samples.length / 4, samples.length / 2));
  const last = lowest(samples.slice((3 * samples.length) / 4));
  return {
    is: last.heapBytes - first.heapBytes,
    atMost: 16 * MIB + 500 * Math.max(0, last.items - first.items),
  };
}

function lowest(samples: readonly Sample[]): Sample {
  return samples.reduce((low, sample) => (sample.heapBytes < low.heapBytes ? sample : low));
}

async function bytesIn(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) {
    // A table may be compacted away meanwhile.
    bytes += await stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}
