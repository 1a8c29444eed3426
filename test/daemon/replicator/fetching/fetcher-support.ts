import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type GuardCheck, guardOf } from '../../../../src/daemon/guard/index.ts';
import { CommittedKeys, Fetcher } from '../../../../src/daemon/replicator/fetching/index.ts';
import {
  DEFAULT_REPLICATOR_OPTIONS,
  type ReplicatorOptions,
} from '../../../../src/daemon/replicator/index.ts';
import { joined, ReceivedRates } from '../../../../src/daemon/replicator/testing.ts';
import {
  type FetchReport,
  type FetchRequest,
  ReconciliationSet,
} from '../../../../src/protocol/index.ts';
import { bytesToKey, Replica, type VerifiedItem } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { fetchReport } from '../../../support/reports.ts';
import { wideSum } from '../../../support/wide-sum.ts';
import { itemOf, Lines } from '../support.ts';

/** A request that has not ended. */
export interface Asked {
  readonly peer: string;
  readonly request: FetchRequest;
  /** Ends it; the items that are asked for come first, if so wanted. */
  end(report?: Partial<FetchReport>, brings?: boolean): Promise<void>;
}

/** A fetcher over a real replica in memory, whose requests the test answers. */
export class FetcherRig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly wanted: ReconciliationSet = new ReconciliationSet();
  readonly log: Lines = new Lines();
  readonly disbelieved: string[] = [];
  /** Codes of refusals, as they were counted. */
  readonly counted: string[] = [];
  readonly misdeeds: string[] = [];
  /** Of the guard; those that refuse by key alone may come later. */
  readonly checks: GuardCheck[] = [];
  readonly asked: Asked[] = [];
  readonly replica: Replica;
  readonly fetcher: Fetcher;
  readonly #items: Map<string, VerifiedItem> = new Map();

  private constructor(replica: Replica, clock: VirtualClock, options: Partial<ReplicatorOptions>) {
    this.replica = replica;
    this.clock = clock;
    const all = { ...DEFAULT_REPLICATOR_OPTIONS, ...options };
    this.fetcher = new Fetcher({
      guard: guardOf(this.checks),
      wanted: this.wanted,
      replica,
      clock,
      logger: this.log.logger,
      options: all,
      rates: new ReceivedRates({ ...all, clock, over: (_, code) => this.counted.push(code) }),
      observer: joined([
        {
          fetched: { stored: () => undefined, refused: (code) => this.counted.push(code) },
          misbehaved: (peer, misdeed) => this.misdeeds.push(`${peer} ${misdeed}`),
        },
      ]),
      disbelieved: (peer) => this.disbelieved.push(peer),
      listed: (peer, ids) => this.wanted.add(peer, ids),
    });
    this.fetcher.start({ fetch: (request) => this.#fetch(request) });
    replica.onCommit((added) => {
      for (const { id } of added) this.wanted.received(id);
      this.fetcher.committed(added, new CommittedKeys(added));
    });
  }

  static async open(
    t: TestContext,
    options: Partial<ReplicatorOptions> = {},
    maxSetBytes?: number,
  ): Promise<FetcherRig> {
    const clock = new VirtualClock();
    const replica = await Replica.open({
      database: memoryDatabase(),
      clock,
      disk: new FakeDisk(),
      scheme: wideSum,
      ...(maxSetBytes !== undefined && { limits: { maxSetBytes } }),
    });
    const rig = new FetcherRig(replica, clock, options);
    t.after(async () => {
      let stopped = false;
      void rig.fetcher.stop().then(() => {
        stopped = true;
      });
      while (rig.asked.length > 0) await rig.asked[0]!.end({ outcome: 'failed' });
      for (let turns = 0; turns < 20 && !stopped; turns++) await settle();
      await replica.close();
      assert.ok(stopped, 'a request does not end, so the fetcher does not stop');
      assert.equal(clock.pending, 0, 'a timer is left');
    });
    return rig;
  }

  /** The peer lists the items of these numbers; the ids. */
  want(peer: string, numbers: readonly number[], length = 1): Uint8Array[] {
    const items = numbers.map((number) => itemOf(number, length));
    for (const item of items) this.#items.set(bytesToKey(item.id), item);
    const ids = items.map(({ id }) => id);
    this.wanted.add(peer, ids);
    this.fetcher.pump();
    return ids;
  }

  /** The peer of each request that runs. */
  get running(): string {
    return this.asked.map(({ peer }) => peer).join();
  }

  of(peer: string): Asked {
    const found = this.asked.find((one) => one.peer === peer);
    assert.ok(found !== undefined, `nothing is asked of ${peer}, only of ${this.running}`);
    return found;
  }

  items(ids: readonly Uint8Array[]): VerifiedItem[] {
    return ids.map((id) => this.#items.get(bytesToKey(id))!);
  }

  get stored(): number {
    return this.replica.status().items;
  }

  /** The warnings that were logged. */
  warnings(text: string): Record<string, unknown>[] {
    return this.log.lines.filter(({ msg }) => `${msg}`.includes(text));
  }

  async #fetch(request: FetchRequest): Promise<FetchReport> {
    const { peer, ids } = request;
    const { promise, resolve } = Promise.withResolvers<FetchReport>();
    const asked: Asked = {
      peer,
      request,
      end: async (report = {}, brings = false) => {
        this.asked.splice(this.asked.indexOf(asked), 1);
        if (brings) {
          request.onProgress?.(10);
          // What cannot be stored ends a request.
          await Promise.resolve(request.onItems(this.items(ids))).catch(() => undefined);
        }
        resolve(fetchReport({ peer, items: brings ? ids.length : 0, ...report }));
        await this.clock.advance(0);
      },
    };
    this.asked.push(asked);
    return promise;
  }
}
