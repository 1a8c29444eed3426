import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { guardOf } from '../../../../src/daemon/guard/index.ts';
import { CommittedKeys, Fetcher } from '../../../../src/daemon/replicator/fetching/index.ts';
import { DEFAULT_REPLICATOR_OPTIONS } from '../../../../src/daemon/replicator/index.ts';
import { ReceivedRates } from '../../../../src/daemon/replicator/testing.ts';
import {
  type Fetch,
  type FetchReport,
  type FetchRequest,
  ReconciliationSet,
} from '../../../../src/protocol/index.ts';
import {
  bytesToHex,
  ITEM_OVERHEAD_BYTES,
  itemId,
  Replica,
  type VerifiedItem,
  verifyItem,
} from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';
import { FakeDisk } from '../../../support/fake-disk.ts';
import { memoryDatabase } from '../../../support/memory-database.ts';
import { fetchReport } from '../../../support/reports.ts';
import { wideSum } from '../../../support/wide-sum.ts';

export const ITEMS: readonly VerifiedItem[] = Array.from({ length: 10 }, (_, i) => {
  const payload = new Uint8Array([i]);
  return verifyItem({ hint: 1n, payload, id: itemId(1n, payload) });
});

/** Answers for a peer, one request at a time. */
export type Script = (request: FetchRequest) => Promise<Partial<FetchReport>>;

/** A peer that holds all items and brings those that it is asked for. */
export const serve: Script = async ({ ids, onItems }) => {
  for (const [i, id] of ids.entries()) {
    const items = ITEMS.filter((known) => bytesToHex(known.id) === bytesToHex(id));
    try {
      if (items.length > 0) await onItems(items);
    } catch {
      // As `Requester` does: the request ends where this node does not take an item.
      return { outcome: 'failed', items: i, endedAt: id };
    }
  }
  return { items: ids.length };
};

/** A fetcher whose peers answer by scripts, over a set with room for ten items. */
export interface Scripted {
  readonly clock: VirtualClock;
  readonly replica: Replica;
  readonly wanted: ReconciliationSet;
  readonly fetcher: Fetcher;
  /** By peer. */
  readonly scripts: Map<string, Script>;
  readonly requests: { readonly peer: string; readonly ids: string[]; readonly at: number }[];
  readonly disbelieved: string[];
  /** The peer lists these items, or all. */
  want(peer: string, items?: readonly VerifiedItem[]): number;
  /** Peers that each have an item of their own, and bring a little of it all the time; 0 bytes: a small item. */
  crowd(size: number, largeBytes?: number): string[];
}

/** Opens the fetcher; after the test nothing of it may be left. */
export async function scripted(t: TestContext): Promise<Scripted> {
  const clock = new VirtualClock();
  const replica = await Replica.open({
    database: memoryDatabase(),
    clock,
    disk: new FakeDisk(),
    limits: { maxSetBytes: 10 * (1 + ITEM_OVERHEAD_BYTES) },
    scheme: wideSum,
  });
  const wanted = new ReconciliationSet();
  const scripts = new Map<string, Script>();
  const requests: Scripted['requests'] = [];
  const disbelieved: string[] = [];
  const fetch: Pick<Fetch, 'fetch'> = {
    async fetch(request) {
      const { peer, ids } = request;
      requests.push({ peer, ids: ids.map(bytesToHex), at: clock.monotonic() });
      return fetchReport({ peer, ...(await scripts.get(peer)!(request)) });
    },
  };
  const fetcher = new Fetcher({
    guard: guardOf([]),
    wanted,
    replica,
    clock,
    logger: pino({ level: 'silent' }),
    options: { ...DEFAULT_REPLICATOR_OPTIONS, batchItems: 4, requestsPerPeer: 1 },
    rates: new ReceivedRates({ ...DEFAULT_REPLICATOR_OPTIONS, clock }),
    disbelieved: (peer) => disbelieved.push(peer),
    listed: (peer, ids) => wanted.add(peer, ids),
  });
  fetcher.start(fetch as Fetch);
  replica.onCommit((added) => {
    for (const { id } of added) wanted.received(id);
    fetcher.committed(added, new CommittedKeys(added));
  });
  t.after(async () => {
    let stopped = false;
    void fetcher.stop().then(() => {
      stopped = true;
    });
    for (let turns = 0; turns < 20 && !stopped; turns++) await settle();
    await replica.close();
    assert.ok(stopped, 'a request was not called off, so the fetcher does not stop');
    assert.equal(clock.pending, 0, 'a timer is left');
  });
  const want = (peer: string, items: readonly VerifiedItem[] = ITEMS) =>
    wanted.add(
      peer,
      items.map(({ id }) => id),
    );
  const crowd = (size: number, largeBytes = 0): string[] => {
    const names = Array.from({ length: size }, (_, i) => `slow ${i}`);
    for (const [i, name] of names.entries()) {
      scripts.set(name, async ({ ids, maxBytes, signal, onProgress }) => {
        if (largeBytes > 0 && maxBytes !== undefined) {
          return { large: ids.map((id) => ({ id, length: largeBytes })) };
        }
        for (;;) {
          if (signal?.aborted) return { outcome: 'failed', endedAt: ids[0]! };
          onProgress?.(2_000);
          await new Promise<void>((resolve) => {
            const cancel = clock.after(900, resolve);
            const over = (): void => {
              cancel();
              resolve();
            };
            signal?.addEventListener('abort', over, { once: true });
          });
        }
      });
      wanted.add(name, [new Uint8Array(32).fill(100 + i)]);
      fetcher.connected(name);
    }
    return names;
  };
  return { clock, replica, wanted, fetcher, scripts, requests, disbelieved, want, crowd };
}
