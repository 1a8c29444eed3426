import {
  Metrics,
  type MetricsFigures,
  type MetricsInit,
} from '../../../src/daemon/metrics/index.ts';
import { Turns } from '../../../src/protocol/index.ts';
import type { PutResult } from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { fetchReport, sessionReport } from '../../support/reports.ts';
import { itemOf } from '../replicator/support.ts';

/** Figures of a node with one peer, each like no other. */
export function figuresOf(now: number, change: Partial<MetricsFigures> = {}): MetricsFigures {
  return {
    store: {
      items: 11,
      bytes: 12,
      storedBytes: 13,
      refusing: null,
      rebuilding: null,
      needsRefill: false,
      quarantined: 14,
      commit: 15,
      buffered: 16,
      scrub: { running: true, checked: 17, passes: 18 },
      incidentCounts: new Map([['ITEM_DAMAGED', 19]]),
      cache: { hits: 20, misses: 21 },
      freeBytes: 22,
      minFreeBytes: 23,
      refused: { operator: 49, policy: 50 },
    },
    sync: {
      state: 'behind',
      lagSeconds: 24,
      wanted: 25,
      orphans: 26,
      requested: 27,
      oldestWantSince: now - 28_000,
      refused: 29,
      catchUpMissing: 30,
    },
    peers: [
      {
        peer: 'p',
        inSync: true,
        clockOffsetMs: 5,
        gives: true,
        takes: true,
        coversAsOf: now - 31_000,
        equalAsOf: now - 32_000,
      },
    ],
    mesh: { degree: 33, connected: 34, known: 35 },
    banned: 49,
    push: {
      announced: 36,
      dropped: 37,
      messages: 38,
      duplicates: 39,
      received: 40,
      known: 41,
      rejected: 42,
      ignored: 43,
      gaps: 44,
      overloaded: true,
    },
    retention: {
      floor: '49',
      goal: '50',
      removedItems: 51,
      removedBytes: 52,
      left: 53,
      running: true,
      waits: { code: 'CLOCK_JUMPED', message: 'm' },
    },
    transfer: { receivedBytes: 45, sentBytes: 46 },
    traffic: {
      totals: {
        bytes: { upload: 49, download: 50 },
        waitedMs: { upload: 51_000, download: 52_000 },
      },
      rates: { upload: 53, download: 54, peerUpload: 0, peerDownload: 0 },
    },
    losses: { leftOut: 47, lost: 48 },
    budgets: { answers: 0.1, calling: 0.2, serving: 0.3 },
    policy: { taken: 49, refused: 50, failed: 51, busy: 52, waiting: 53, up: true },
    ...change,
  };
}

export function resultOf(created: boolean, hint: bigint): PutResult {
  return { created, hint, id: new Uint8Array(32) };
}

export interface Created {
  readonly clock: VirtualClock;
  readonly metrics: Metrics;
}

/** Metrics in virtual time. */
export function create(init: Partial<MetricsInit> = {}): Created {
  const clock = new VirtualClock();
  const pace = new Turns({ clock });
  const metrics = new Metrics({ version: '1.2.3', now: () => clock.now(), pace, ...init });
  return { clock, metrics };
}

/** Sends 1 byte and receives 2 over streams of these protocols. */
export function transfer(metrics: Metrics, protocols: readonly string[]): void {
  const logger = { forComponent: () => () => undefined };
  const libp2p = metrics.libp2p({ logger } as never);
  for (const protocol of protocols) {
    const dispatchEvent = (_event: object): boolean => true;
    const send = (_bytes: Uint8Array): boolean => true;
    const stream = { protocol, dispatchEvent, send };
    libp2p.trackProtocolStream(stream as never);
    stream.send(new Uint8Array(1));
    stream.dispatchEvent({ type: 'message', data: new Uint8Array(2) });
  }
}

/** Metrics that each room has counted in, so that every metric has a sample. */
export function createFed(): Created {
  const { clock, metrics } = create();
  const { replicator, admin, mesh, store } = metrics;
  const result = resultOf(true, BigInt(clock.now()));
  replicator.sessionEnded(
    sessionReport({ efficiency: 1.5, error: { code: 'TIMEOUT', message: '' } }),
  );
  replicator.requestEnded(fetchReport({ items: 1 }), 5);
  const end = { hint: 1n, id: null };
  const range = {
    peer: 'p',
    outcome: 'complete',
    end,
    items: 1,
    payloadBytes: 1,
    error: null,
  } as const;
  replicator.streamEnded(range, 5);
  for (const way of [replicator.pushed, replicator.fetched]) {
    way.stored([itemOf(1), itemOf(2)], [result, resultOf(false, 1n)]);
    way.refused('SET_FULL');
  }
  replicator.put([result]);
  admin.answered({ method: 'GET', route: '/v1/status', status: 200, ms: 1 });
  admin.refused('BUSY');
  mesh.noticed('PEER_REFUSED');
  metrics.penalties.penalised({ code: 'WRONG_BYTES', protocol: 'fetch' });
  store.written({ durationMs: 4, bytes: 400 });
  transfer(metrics, ['/rangemesh/n/native/2']);
  metrics.readFrom(() => figuresOf(clock.now()));
  return { clock, metrics };
}

/** The samples in a text: `name{labels}` and value. */
export function samplesIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => /^[a-z]/.test(line));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** A metric as the text declares it, with the labels of its samples. */
export interface Declared {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The metrics of rangemesh itself. */
export async function declared(): Promise<Declared[]> {
  const text = await createFed().metrics.text();
  const samples = [...samplesIn(text).keys()];
  const heads = [...text.matchAll(/^# HELP (rangemesh_\w+) (.*)\n# TYPE \1 (\w+)$/gm)];
  return heads.map(([, name, help, type]) => {
    const own = samples.filter((sample) =>
      new RegExp(`^${name}(_bucket|_sum|_count)?[{]`).test(sample),
    );
    const labels = own.flatMap((sample) =>
      [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label!),
    );
    return {
      name: name!,
      type: type!,
      labels: [...new Set(labels)].filter((label) => label !== 'le'),
      help: help!,
    };
  });
}
