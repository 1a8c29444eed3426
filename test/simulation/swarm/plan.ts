import type { PenaltyOptions } from '../../../src/daemon/penalties/index.ts';
import type { ReplicatorOptions } from '../../../src/daemon/replicator/index.ts';
import type { NativeLimits } from '../../../src/protocol/index.ts';
import type { IndexOptions } from '../../../src/store/index.ts';
import type { SimulationOptions } from '../simulated-node.ts';

/** The faults of a simulation. */
export const FAULTS = [
  /** A connection is lost for a while. */
  'cut',
  /** Some nodes are cut off from the others for a while. */
  'partition',
  /** A link carries few bytes for a while. */
  'slow',
  /** Nothing arrives in one direction of a link for a while. */
  'oneway',
  /** A node loses part of its gossip for a while. */
  'gossip',
  /** A node ends at any moment. */
  'kill',
  /** The power of a node goes at a batch: before it, before its sync, or before its answer. */
  'crash',
  /** A node stops and starts. */
  'restart',
  /** The database refuses one batch, which is written all the same or not. */
  'write',
  /** No batch is written for a while: the disk is full. */
  'full',
  /** No batch is written for a while: the disk is read-only. */
  'readonly',
  /** A payload on disk becomes another. */
  'spoil',
  /** A record of the index on disk is lost while the node is down. */
  'damage',
  /** The wall clock of a node jumps, and comes back after a while. */
  'clock',
] as const;

export type Fault = (typeof FAULTS)[number];

/** One step of a plan. Each kind uses the fields that it needs. */
export interface Action {
  readonly do: Fault | 'put';
  /** Milliseconds since the start. */
  readonly at: number;
  /** The node or the link by number; for a partition the nodes of one side, a bit each. */
  readonly where: number;
  readonly forMs: number;
  /** 0 to 1: how much of it, or which. */
  readonly part: number;
  /** Items of a put. */
  readonly items: readonly PlannedItem[];
}

export interface PlannedItem {
  /** Of all items of the plan. */
  readonly number: number;
  /** Milliseconds of its hint before the moment of the put. */
  readonly agedMs: number;
  readonly bytes: number;
}

export interface PlannedNode {
  /** The best first. */
  readonly dialects: readonly ('native' | 'native 2' | 'native 1' | 'commonware')[];
  readonly streams: boolean;
  readonly aheadMs: number;
  /** Milliseconds for which items are kept; 0: for ever. */
  readonly maxAge: number;
  /** Milliseconds until it starts for the first time, without an item. */
  readonly startsMs: number;
  /** Serves wrong bytes now and then. */
  readonly lies: boolean;
}

export interface PlannedLink {
  readonly ends: readonly [number, number];
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly bytesPerMs: number;
  readonly reorders: boolean;
}

/** Everything that a simulation does, but for the chances of the network and of the nodes. */
export interface Plan {
  readonly seed: string;
  readonly nodes: readonly PlannedNode[];
  readonly links: readonly PlannedLink[];
  /** In order of time. */
  readonly actions: readonly Action[];
  /** Milliseconds after which no fault begins and all faults end. */
  readonly activeMs: number;
  readonly database: 'array' | 'memory-level';
  /** Longest time of a batch in milliseconds. */
  readonly batchMs: number;
  readonly push: boolean;
  readonly options: Partial<ReplicatorOptions>;
  /** Items of a part of a stream at most. */
  readonly partItems: number;
  readonly session: Pick<SimulationOptions, 'maxMissing' | 'maxSessions' | 'maxIdsPerRequest'>;
  /** Of native sessions. */
  readonly limits: Partial<NativeLimits>;
  readonly index: Partial<IndexOptions>;
  readonly scrub: number;
  /** When a peer is banned, and how many bans leave. */
  readonly penalties: PenaltyOptions;
}

/** What the command line decides in place of the seed. */
export interface Overrides {
  readonly nodes?: number | undefined;
  readonly items?: number | undefined;
  readonly minutes?: number | undefined;
  readonly faults?: readonly Fault[] | undefined;
  /** Numbers of actions that are left out. */
  readonly without?: ReadonlySet<number> | undefined;
}
