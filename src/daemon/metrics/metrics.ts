import type { Libp2pOptions } from 'libp2p';
import { Registry } from 'prom-client';
import type { AnnounceTotals, Fetch } from '../../protocol/index.ts';
import type { BulkPace, ReplicaFigures } from '../../store/index.ts';
import type { AdminObserver, MetricsSource } from '../admin/index.ts';
import type { RetentionStatus } from '../control-api.ts';
import type { PolicyFigures } from '../guard/index.ts';
import type { LogLosses } from '../logging.ts';
import type { DiscoveryStatus } from '../mesh/index.ts';
import type { ReplicatorObserver } from '../replicator/index.ts';
import { adminMetrics } from './admin.ts';
import { arrivalMetrics } from './arrivals.ts';
import { type BudgetFigures, daemonMetrics } from './daemon.ts';
import { Declarations, textOf } from './declare.ts';
import { fetchMetrics } from './fetch.ts';
import {
  policyMetrics,
  retentionMetrics,
  type TrafficFigures,
  trafficMetrics,
} from './guard/index.ts';
import { libp2pMetrics, wireMetrics } from './libp2p.ts';
import { meshMetrics } from './mesh.ts';
import { type PeerFigures, type PenaltyMetrics, peerMetrics, penaltyMetrics } from './peers.ts';
import { pushMetrics } from './push.ts';
import { type RefusalMetrics, refusalMetrics } from './refusals.ts';
import { sessionMetrics } from './sessions.ts';
import { type StoreMetrics, storeMetrics } from './store.ts';
import { type SyncFigures, syncMetrics } from './sync.ts';

export interface MetricsInit {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * Metrics of the process as text.
   * @default none
   */
  readonly processMetrics?: ((pace: BulkPace) => Promise<string>) | undefined;
  /** Gives the turns of the event loop in which the text is written. */
  readonly pace: BulkPace;
}

/** The figures of the rooms at one moment; to read them must cost next to nothing. */
export interface MetricsFigures {
  readonly store: ReplicaFigures;
  readonly sync: SyncFigures;
  readonly peers: readonly PeerFigures[];
  readonly mesh: DiscoveryStatus;
  /** Banned peers. */
  readonly banned: number;
  readonly push: AnnounceTotals | null;
  readonly retention: RetentionStatus;
  readonly transfer: Fetch['totals'];
  readonly traffic: TrafficFigures;
  readonly losses: LogLosses;
  readonly budgets: BudgetFigures;
  /** Null: there is none. */
  readonly policy: PolicyFigures | null;
}

/** The metrics of one daemon: those that its rooms count as they work, and those read when asked for. */
export class Metrics implements MetricsSource {
  readonly store: Pick<StoreMetrics, 'written'>;
  readonly replicator: Omit<ReplicatorObserver, 'peer' | 'want' | 'misbehaved'>;
  readonly admin: AdminObserver;
  readonly mesh: Pick<RefusalMetrics, 'noticed'>;
  readonly penalties: Pick<PenaltyMetrics, 'penalised'>;
  readonly libp2p: NonNullable<Libp2pOptions['metrics']>;
  readonly #init: MetricsInit;
  readonly #registry = new Registry();
  readonly #update: (figures: MetricsFigures) => Promise<void>;
  #read: (() => MetricsFigures) | null = null;

  constructor(init: MetricsInit) {
    const { version, now } = init;
    const declare = new Declarations(this.#registry);
    const refusals = refusalMetrics(declare);
    const [sessions, fetch] = [sessionMetrics(declare), fetchMetrics(declare)];
    const { pushed, fetched, put } = arrivalMetrics({ declare, refusals, now });
    const store = storeMetrics(declare);
    this.#init = init;
    this.store = store;
    this.replicator = {
      ...{ pushed, fetched, put },
      sessionEnded: sessions.ended,
      requestEnded: fetch.ended,
      streamEnded: fetch.streamed,
    };
    this.admin = adminMetrics(declare, refusals);
    this.mesh = refusals;
    const penalties = penaltyMetrics(declare);
    this.penalties = penalties;
    this.libp2p = libp2pMetrics(this.#registry);
    const [sync, peers, mesh] = [syncMetrics(declare), peerMetrics(declare), meshMetrics(declare)];
    const [push, wire] = [pushMetrics(declare), wireMetrics(declare, this.#registry)];
    const retention = retentionMetrics(declare);
    const traffic = trafficMetrics(declare);
    const policy = policyMetrics(declare);
    const daemon = daemonMetrics({ declare, version, startedAt: now() });
    this.#update = async (figures) => {
      store.update(figures.store);
      sync.update(figures.sync, now());
      peers.update(figures.peers, now());
      mesh.update(figures.mesh);
      penalties.update(figures.banned);
      push.update(figures.push);
      retention.update(figures.retention);
      fetch.update(figures.transfer);
      traffic.update(figures.traffic);
      policy.update(figures.policy);
      daemon.update(figures.losses, figures.budgets);
      await wire.update();
    };
  }

  /** Says where figures are read that no room counts as it works. */
  readFrom(read: () => MetricsFigures): void {
    this.#read = read;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    if (this.#read !== null) await this.#update(this.#read());
    const { pace, processMetrics } = this.#init;
    const own = await textOf(this.#registry, pace);
    const process = await processMetrics?.(pace);
    return process === undefined ? own : `${own}\n${process}`;
  }
}
