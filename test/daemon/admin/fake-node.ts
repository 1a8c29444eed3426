import assert from 'node:assert/strict';
import type { Node, PeerStatus, Status, SyncResult, Verdict } from '../../../src/daemon/index.ts';
import { DaemonError } from '../../../src/daemon/index.ts';
import type { BulkItems, RefusalReason, WhyAnswer } from '../../../src/daemon/testing.ts';
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
} from '../../../src/store/index.ts';

/** A node without a network, its set in memory. Errors to throw can be planted per method. */
export class FakeNode implements Node {
  readonly items: Map<string, Item> = new Map();
  readonly dialled: string[] = [];
  readonly forgotten: string[] = [];
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
      push: null,
      mesh: { degree: 8, connected: this.dialled.length, known: this.dialled.length },
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

  async get(id: Uint8Array): Promise<Item | undefined> {
    this.#trip();
    return this.items.get(bytesToHex(id));
  }

  async head(id: Uint8Array): Promise<{ hint: bigint; bytes: number } | undefined> {
    this.#trip();
    const item = this.items.get(bytesToHex(id));
    return item && { hint: item.hint, bytes: item.payload.length };
  }

  async why(id: Uint8Array): Promise<WhyAnswer> {
    const head = await this.head(id);
    if (head === undefined) return { state: 'unknown' };
    return { state: 'have', hint: `${head.hint}`, bytes: head.bytes };
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

function peerAt(address: string): PeerStatus {
  return {
    peerId: 'other',
    address,
    origin: 'runtime',
    connected: true,
    inSync: true,
    coversAsOf: null,
    equalAsOf: null,
    lastSession: null,
    lastError: null,
  };
}
