import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type GuardCheck, guardOf } from '../../../src/daemon/guard/index.ts';
import { Replicator, type ReplicatorOptions } from '../../../src/daemon/replicator/index.ts';
import type {
  Announce,
  Fetch,
  FetchReport,
  FetchRequest,
  Reconcile,
  Scope,
  SessionReport,
} from '../../../src/protocol/index.ts';
import { type ItemKey, Replica, type ReplicaInit } from '../../../src/store/index.ts';
import { settle, VirtualClock } from '../../support/clock.ts';
import { FakeDisk } from '../../support/fake-disk.ts';
import { memoryDatabase } from '../../support/memory-database.ts';
import { fetchReport, sessionReport } from '../../support/reports.ts';
import { wideSum } from '../../support/wide-sum.ts';
import { EVERYTHING, Lines } from './support.ts';

/** No session comes by itself within a test. */
const RARE = { intervalMs: 1e9, intervalMinMs: 1e9, intervalMaxMs: 1e9, proveMs: 1e9 };
export const SETTLE_MS = 100;
export const SILENCE_MS = 1_000;

/** A request for items that has not ended. */
export interface Asked {
  readonly request: FetchRequest;
  readonly end: (report?: Partial<FetchReport>) => void;
}

/** A replicator over a real replica in memory, and services that the test plays. */
export class ReplicatorRig {
  readonly clock: VirtualClock;
  readonly replica: Replica;
  /** A new one with each start but the first. */
  replicator: Replicator;
  readonly #options: Partial<ReplicatorOptions>;
  #stopped = false;
  readonly log: Lines = new Lines();
  /** Sessions asked for since the last call, each with its peer and kind. */
  sessions: string[] = [];
  /** What each session shows. */
  shows: () => Partial<SessionReport> = () => ({});
  readonly asked: Asked[] = [];
  /** Keys that the announce service was told to be on disk. */
  readonly stored: ItemKey[] = [];
  readonly reached: Set<string> = new Set();
  readonly runs: Set<string> = new Set();
  /** How many items an announcement takes. */
  announces: number = Number.POSITIVE_INFINITY;

  /** Of the guard, by key. */
  readonly checks: GuardCheck[] = [];

  private constructor(replica: Replica, clock: VirtualClock, options: Partial<ReplicatorOptions>) {
    this.replica = replica;
    this.clock = clock;
    this.#options = options;
    this.replicator = this.#create();
  }

  #create(): Replicator {
    const { replica, clock } = this;
    return new Replicator({
      replica,
      clock,
      guard: guardOf(this.checks),
      random: { fraction: () => 0.5, bytes: (length: number) => new Uint8Array(length) } as never,
      logger: this.log.logger,
      options: {
        ...RARE,
        settleMs: SETTLE_MS,
        settleMaxMs: 500,
        silenceMs: SILENCE_MS,
        ...this.#options,
      },
    });
  }

  static async open(
    t: TestContext,
    options: Partial<ReplicatorOptions> = {},
    init: Partial<ReplicaInit> = {},
  ): Promise<ReplicatorRig> {
    const clock = new VirtualClock();
    const replica = await Replica.open({
      database: memoryDatabase(),
      clock,
      disk: new FakeDisk(),
      scheme: wideSum,
      ...init,
    });
    const rig = new ReplicatorRig(replica, clock, options);
    t.after(async () => {
      await rig.stop();
      await replica.close();
      assert.equal(clock.pending, 0, 'a timer is left');
    });
    return rig;
  }

  start(): void {
    const { reconcile, fetch, announce } = this;
    if (this.#stopped) this.replicator = this.#create();
    this.#stopped = false;
    this.replicator.start({ reconcile, fetch, announce });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    let stopped = false;
    void this.replicator.stop().then(() => {
      stopped = true;
    });
    for (const { end } of this.asked.splice(0)) end({ outcome: 'failed' });
    await this.clock.advance(10);
    for (let turns = 0; turns < 20 && !stopped; turns++) await settle();
    assert.ok(stopped, 'the replicator does not stop');
  }

  /** Lets time pass; the sessions that were asked for meanwhile. */
  async after(ms: number): Promise<string[]> {
    await this.clock.advance(ms);
    return this.sessions.splice(0);
  }

  /** A peer connects, and has its first session behind it. */
  async connect(...peers: readonly string[]): Promise<void> {
    for (const peer of peers) this.replicator.peerConnected(peer);
    await this.after(10 * SILENCE_MS);
  }

  ended(change: Partial<SessionReport> = {}): void {
    this.replicator.ended(this.#report('p', change));
  }

  #report(peer: string, change: Partial<SessionReport>): SessionReport {
    const { replica, clock } = this;
    const outline = {
      count: 1,
      root: new Uint8Array(16),
      interval: EVERYTHING,
      whole: true,
      mode: 'reconcile' as const,
    };
    const now = { version: replica.version, startedAt: clock.now() };
    return sessionReport({ peer, ...now, outlines: { ours: outline, theirs: outline }, ...change });
  }

  /** Ends the sessions over slices, which run until then. */
  endSlices: (report: Partial<SessionReport>) => void = () => undefined;
  readonly #slice: Promise<Partial<SessionReport>> = new Promise((resolve) => {
    this.endSlices = resolve;
  });

  readonly reconcile: Reconcile = {
    runs: (peer: string) => this.runs.has(peer),
    reconcile: async (peer: string, scope?: Scope) => {
      const surveys = scope?.mode === 'survey' && scope.interval === undefined;
      this.sessions.push(`${peer} ${surveys ? 'survey' : scope === undefined ? 'whole' : 'slice'}`);
      if (scope?.interval !== undefined) {
        const change = { asked: scope.interval, ...(await this.#slice) };
        return this.#report(peer, change);
      }
      const report = this.#report(peer, {
        mode: surveys ? 'survey' : 'reconcile',
        ...this.shows(),
      });
      this.replicator.ended(report);
      return report;
    },
  } as Partial<Reconcile> as Reconcile;

  readonly fetch: Fetch = {
    fetch: (request: FetchRequest) => {
      const { promise, resolve } = Promise.withResolvers<FetchReport>();
      const { peer } = request;
      const asked = {
        request,
        end: (report: Partial<FetchReport> = {}) => {
          const at = this.asked.indexOf(asked);
          if (at >= 0) this.asked.splice(at, 1);
          resolve(fetchReport({ peer, ...report }));
        },
      };
      this.asked.push(asked);
      return promise;
    },
  } as Partial<Fetch> as Fetch;

  readonly announce: Announce = {
    inlineBytes: 1_000,
    totals: { gaps: 7 },
    announce: (items: readonly unknown[]) => Math.min(items.length, this.announces),
    stored: (keys: readonly ItemKey[]) => void this.stored.push(...keys),
    reaches: (peer: string) => this.reached.has(peer),
  } as unknown as Announce;
}
