import assert from 'node:assert/strict';
import { EventBus, type NodeEvent } from '../../../src/daemon/events/index.ts';
import type { Node, PeerStatus, Status, SyncResult, Verdict } from '../../../src/daemon/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';
import { NO_RETENTION } from '../../../src/daemon/retention/index.ts';
import type {
  BulkItems,
  ExplainedNode,
  NodeExplain,
  RefusalReason,
  WhyAnswer,
} from '../../../src/daemon/testing.ts';
import {
  bytesToHex,
  checkHint,
  compareKeys,
  hexToBytes,
  type Item,
  type ItemKey,
  itemId,
  type ListInit,
  lthash,
  MAX_LIST_LIMIT,
  type PutResult,
  type ReadOptions,
  systemClock,
  systemRandom,
} from '../../../src/store/index.ts';
import { peerStatus } from '../peer-status.ts';
import { FakeFeed } from './fake-feed.ts';

const EVENTS: readonly NodeEvent[] = [
  { type: 'item', hint: 7n, id: new Uint8Array(32) },
  {
    ...{ type: 'session', peer: 'p', role: 'initiator', dialect: 'native', durationMs: 1.5 },
    ...{ equal: false, missing: 1, missingThere: null, error: { code: 'TIMEOUT', message: 'm' } },
  },
  { type: 'peer', peer: 'p', change: 'connected' },
  { type: 'want', peer: 'p', id: new Uint8Array(32), ids: 2 },
  { type: 'refused', change: 'added', id: new Uint8Array(32), ids: 2, dropped: 1 },
  { type: 'incident', code: 'READ_FAILED', message: 'm' },
  { type: 'config', changed: ['log.level'] },
];

/** One event of each type and a gap; then the answer ends, as it ends when a daemon does. */
export const endedEvents: ExplainedNode['events'] = {
  place: ({ number }) => `0123abcd-${number}`,
  async *read() {
    yield { number: 0, missed: null };
    for (const [i, event] of EVENTS.entries()) yield { number: i + 1, at: 0, event };
  },
};

/** A node without a network, its set in memory. Errors to throw can be planted per method. */
export class FakeNode implements ExplainedNode {
  /** Replaced by tests that need other answers. */
  readonly explain: NodeExplain = new FakeExplain(this);
  readonly events: EventBus = new EventBus({ clock: systemClock, random: systemRandom });
  readonly items: Map<string, Item> = new Map();
  readonly keptOut: Map<string, NonNullable<ReturnType<Node['refusal']>>> = new Map();
  readonly feed: FakeFeed = new FakeFeed();
  readonly dialled: string[] = [];
  readonly forgotten: string[] = [];
  readonly pardoned: string[] = [];
  readonly synced: (string | undefined)[] = [];
  now: bigint = 1_000n;
  breakage: RefusalReason | null = null;
  isReady = true;
  fault: Error | null = null;
  judgement: Verdict = { state: 'alone', reason: 'no peer is connected', lagSeconds: null };
  /** Puts wait for this. */
  gate: Promise<void> = Promise.resolve();

  status(): Status {
    this.#trip();
    return {
      ...this.judgement,
      version: '0.0.0',
      peerId: 'self',
      network: 'test',
      addresses: ['/ip4/127.0.0.1/tcp/1'],
      uptimeSeconds: 5,
      set: {
        items: this.items.size,
        bytes: this.#bytes(),
        storedBytes: 0,
        fingerprint: 'ab'.repeat(32),
      },
      wanted: 0,
      orphans: 0,
      catchUp: null,
      refused: 0,
      refusing: null,
      rebuilding: null,
      needsRefill: false,
      commit: 1,
      quarantined: 0,
      scrub: { running: false, checked: 0, passes: 0 },
      incidents: [],
      transfer: { receivedBytes: 0, sentBytes: 0 },
      budgets: {
        uploadBytesPerSecond: 0,
        downloadBytesPerSecond: 0,
        peerUploadBytesPerSecond: 0,
        peerDownloadBytesPerSecond: 0,
        scheduled: null,
      },
      push: null,
      paused: { all: false, peers: [], kept: { all: false, peers: [] } },
      mesh: { degree: 8, connected: this.dialled.length, known: this.dialled.length },
      retention: NO_RETENTION,
      peers: this.peers(),
    };
  }

  verdict(): Verdict {
    return this.judgement;
  }

  peers(): PeerStatus[] {
    return this.dialled.map(peerAt);
  }

  async dial(address: string): Promise<PeerStatus> {
    this.#trip();
    this.dialled.push(address);
    return peerAt(address);
  }

  forget(address: string): string[] {
    this.#trip();
    const at = this.dialled.indexOf(address);
    if (at < 0) throw new DaemonError('UNKNOWN_ADDRESS', `${address} is not dialled`);
    return this.dialled.splice(at, 1);
  }

  async forgetPeer(peerId: string): Promise<string[]> {
    this.#trip();
    this.forgotten.push(peerId);
    return [];
  }

  pardon(peerId: string): PeerStatus {
    this.#trip();
    this.pardoned.push(peerId);
    return { ...peerAt('/ip4/192.0.2.1/tcp/1'), peerId };
  }

  async idsWith(prefix: string, { limit }: { limit: number }): Promise<Uint8Array[]> {
    const ids = [...this.items.keys()].filter((id) => id.startsWith(prefix)).sort();
    return ids.slice(0, limit).map(hexToBytes);
  }

  async sync(peerId?: string): Promise<SyncResult[]> {
    this.#trip();
    this.synced.push(peerId);
    return [
      {
        peerId: peerId ?? 'other',
        equal: true,
        missing: 0,
        missingThere: 0,
        refused: 0,
        error: null,
      },
    ];
  }

  async put(payload: Uint8Array, hint: bigint = this.now): Promise<PutResult> {
    await this.gate;
    this.#trip();
    checkHint(hint);
    const id = itemId(hint, payload);
    const created = !this.items.has(bytesToHex(id));
    this.items.set(bytesToHex(id), { hint, id, payload: payload.slice() });
    if (created) this.feed.add({ hint, id, bytes: payload.length, at: 1, source: null });
    return { hint, id, created };
  }

  readonly bulk: BulkItems = {
    putMany: async (items) => {
      const results: (PutResult | DaemonError)[] = [];
      for (const { payload, hint } of items) {
        const result = await this.put(payload, hint).catch((error) => error);
        if (result instanceof Error && !(result instanceof DaemonError)) throw result;
        results.push(result);
      }
      return results;
    },
    have: async (ids) => ids.map((id) => this.items.has(bytesToHex(id))),
    getMany: (ids) => this.#some(ids.map((id) => this.items.get(bytesToHex(id)) ?? null)),
    stream: ({ from, to }) => {
      this.#trip();
      const items = [...this.items.values()]
        .filter(({ hint }) => hint >= from && hint < to)
        .sort(compareKeys);
      const state = lthash.empty();
      for (const { id } of items) lthash.add(state, id);
      return {
        items: items.length,
        fingerprint: bytesToHex(lthash.digest(state, items.length)),
        read: () => this.#some(items),
        release: () => void this.released++,
      };
    },
  };
  /** Streams that were released. */
  released = 0;

  async *#some<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
    for (let at = 0; at < items.length; at += 3) {
      this.#trip();
      yield items.slice(at, at + 3);
    }
  }

  async get(id: Uint8Array, { maxBytes }: ReadOptions = {}): Promise<Item | undefined> {
    this.#trip();
    const item = this.items.get(bytesToHex(id));
    const isLong = maxBytes !== undefined && item !== undefined && item.payload.length > maxBytes;
    return isLong ? undefined : item;
  }

  async head(id: Uint8Array): Promise<{ hint: bigint; bytes: number } | undefined> {
    this.#trip();
    const item = this.items.get(bytesToHex(id));
    return item && { hint: item.hint, bytes: item.payload.length };
  }

  refusal(id: Uint8Array): ReturnType<Node['refusal']> {
    return this.keptOut.get(bytesToHex(id)) ?? null;
  }

  async why(id: Uint8Array): Promise<WhyAnswer> {
    const head = await this.head(id);
    if (head === undefined) return { state: 'unknown', attempts: [], asked: [] };
    const facts = { arrival: null, indexed: true, lackedBy: [] };
    return { state: 'have', hint: `${head.hint}`, bytes: head.bytes, ...facts };
  }

  async list({ from = 0n, to = 2n ** 64n, limit = 100, after }: ListInit): Promise<ItemKey[]> {
    assert.ok(limit <= MAX_LIST_LIMIT, 'the store refuses it');
    return [...this.items.values()]
      .filter((key) => key.hint >= from && key.hint < to)
      .filter((key) => after === undefined || compareKeys(key, after) > 0)
      .sort(compareKeys)
      .slice(0, limit);
  }

  /** What it does is up to the test. */
  verify: Node['verify'] = async () => ({
    ok: true,
    items: this.items.size,
    bytes: this.#bytes(),
    pending: 0,
    quarantined: 0,
    problemCount: 0,
    problems: [],
  });

  broken(): RefusalReason | null {
    return this.breakage;
  }

  ready(): boolean {
    return this.isReady;
  }

  #bytes(): number {
    return [...this.items.values()].reduce((sum, { payload }) => sum + payload.length, 0);
  }

  #trip(): void {
    if (this.fault !== null) throw this.fault;
  }
}

/** Answers of a node that has no peers; `calls` has what it was asked. */
export class FakeExplain implements NodeExplain {
  readonly calls: object[] = [];
  readonly #node: FakeNode;

  constructor(node: FakeNode) {
    this.#node = node;
  }

  synced: NodeExplain['synced'] = async ({ maxLagSeconds, provedSince: asked, waitMs, renews }) => {
    this.calls.push({ maxLagSeconds, provedSince: asked, waitMs, renews });
    const { judgement } = this.#node;
    const synced = judgement.state === 'in-sync';
    const provedSince = asked === 'now' ? '2026-01-01T00:00:00.000Z' : asked;
    const counts = { wanted: 0, orphans: 0, refused: 0 };
    return { ...judgement, synced, maxLagSeconds, provedSince, ...counts, peers: [] };
  };

  diff: NodeExplain['diff'] = async ({ peerId, from, to, limit }) => {
    this.calls.push({ peerId, from, to, limit });
    const key = { id: 'ab'.repeat(32), hint: '7' };
    return {
      peerId,
      from: `${from}`,
      to: `${to}`,
      equal: false,
      truncated: false,
      counts: { here: 1, there: 1 },
      onlyHere: [key],
      onlyThere: [{ ...key, hint: null }],
      unlisted: [],
    };
  };

  sessions: NodeExplain['sessions'] = () => ({ running: [], ended: [] });

  wants: NodeExplain['wants'] = async (asked) => {
    this.calls.push(asked);
    return { wanted: 0, orphans: 0, items: [], cursor: null };
  };

  peer: NodeExplain['peer'] = (peerId) => {
    const [known] = this.#node.dialled;
    if (known === undefined) throw new DaemonError('UNKNOWN_PEER', `no peer ${peerId} is known`);
    const gap = { lacks: 0, lacksSince: null, unlisted: 0 };
    return { ...peerAt(known), peerId, ...gap, wanted: 0, running: false, sessions: [] };
  };
}

function peerAt(address: string): PeerStatus {
  return peerStatus({
    peerId: 'other',
    address,
    origin: 'runtime',
    connected: true,
    inSync: true,
    speaks: { networks: ['test'], dialects: ['native/1'] },
  });
}
