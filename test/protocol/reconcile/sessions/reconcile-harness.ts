import {
  type Dialect,
  type Interval,
  type Network,
  type ReconcileEvents,
  type ReconcileInit,
  type ReconcileOptions,
  ReconcileService,
  type SessionReport,
} from '../../../../src/protocol/index.ts';
import type { Clock } from '../../../../src/store/index.ts';
import { tinyDialect, tinySnapshot } from '../../../support/tiny-dialect.ts';

/** Ids of 32 equal bytes. */
export function idsOf(...bytes: number[]): Uint8Array[] {
  return bytes.map((byte) => new Uint8Array(32).fill(byte));
}

/** A reconciliation service and all that it said. */
export class Peer {
  readonly service: ReconcileService;
  readonly id: string;
  readonly ended: SessionReport[] = [];
  readonly missing: { peer: string; ids: readonly Uint8Array[] }[] = [];
  readonly comings: string[] = [];
  snapshots = 0;
  /** The peers that snapshots were taken for. */
  readonly servedPeers: string[] = [];
  held = 0;
  /** Thrown instead of taking a snapshot. */
  trouble: Error | null = null;

  constructor(init: {
    network: Network;
    clock: Clock;
    ids: readonly Uint8Array[];
    dialects?: Dialect[];
    options?: Partial<ReconcileOptions>;
    networkName?: string;
    /** In place of the events that are noted, or beside them. */
    events?: Partial<ReconcileEvents>;
    refuses?: ReconcileInit['refuses'];
    answers?: ReconcileInit['answers'];
    log?: ReconcileInit['log'];
    work?: ReconcileInit['work'];
    accepts?: Interval;
    traffic?: ReconcileInit['traffic'];
  }) {
    this.id = init.network.self;
    this.service = new ReconcileService(init.network, {
      clock: init.clock,
      networkName: init.networkName ?? 'test',
      dialects: init.dialects ?? [tinyDialect()],
      options: init.options ?? {},
      ...(init.work === undefined ? {} : { work: init.work }),
      ...(init.traffic === undefined ? {} : { traffic: init.traffic }),
      snapshot: (peer) => {
        this.servedPeers.push(peer);
        if (this.trouble !== null) throw this.trouble;
        this.snapshots++;
        this.held++;
        const release = () => {
          this.held--;
        };
        const snapshot = tinySnapshot(init.ids, release);
        return { snapshot, version: 7, ...(init.accepts && { accepts: init.accepts }) };
      },
      events: {
        peerConnected: (peer) => this.comings.push(`+${peer}`),
        peerDisconnected: (peer) => this.comings.push(`-${peer}`),
        differs: () => {},
        missing: (peer, ids) => this.missing.push({ peer, ids }),
        ended: (report) => this.ended.push(report),
        ...init.events,
      },
      ...(init.log === undefined ? {} : { log: init.log }),
      ...(init.refuses === undefined ? {} : { refuses: init.refuses }),
      ...(init.answers === undefined ? {} : { answers: init.answers }),
    });
  }

  get learnt(): number[] {
    return this.missing.flatMap(({ ids }) => ids.map((id) => id[0]!)).sort((a, b) => a - b);
  }
}
