import type { Fetch } from '../../protocol/index.ts';
import {
  type Clock,
  type Item,
  type ItemKey,
  type ListInit,
  type PutResult,
  type Replica,
  StoreError,
  type VerifyOptions,
  type VerifyResult,
} from '../../store/index.ts';
import { DaemonError } from '../errors.ts';
import { isUnreadable } from '../files/index.ts';
import type { AddressState, Mesh } from '../mesh/index.ts';
import type {
  Node,
  PeerStatus,
  RefusalReason,
  Status,
  SyncResult,
  WhyAnswer,
} from '../node-api.ts';
import type { PeerRecord, Replicator } from '../replicator/index.ts';
import { isoTime } from '../system.ts';
import { VERSION } from '../version.ts';
import { catchUpStatus, lastSession, provedAt, storeStatus } from './status-view.ts';

/** How long the first round of sessions may keep a node from being called ready. */
const FIRST_ROUND_MS = 15_000;

export interface RunningNodeInit {
  replica: Replica;
  mesh: Pick<Mesh, 'peerId' | 'addresses' | 'connections' | 'dialer' | 'discovery'>;
  replicator: Replicator;
  fetch: Fetch;
  clock: Clock;
  networkName: string;
}

/** Why the store refuses puts when a restart, or an operator, is wanted. */
const BROKEN: ReadonlySet<string> = new Set(['STORE_WRITE_FAILED', 'STORE_CORRUPT']);

const CLOSED: RefusalReason = { code: 'STORE_CLOSED', message: 'the daemon is shutting down' };

/** What the parts of a running daemon say, put into the words of the admin endpoint. */
export class RunningNode implements Node {
  readonly #init: RunningNodeInit;
  readonly #startedAt: number;
  #firstRoundOver = false;
  #closed = false;

  constructor(init: RunningNodeInit) {
    this.#init = init;
    this.#startedAt = init.clock.monotonic();
  }

  status(): Status {
    const { replica, mesh, replicator, fetch, networkName } = this.#init;
    const store = replica.status();
    return {
      version: VERSION,
      peerId: mesh.peerId,
      network: networkName,
      addresses: mesh.addresses,
      uptimeSeconds: Math.floor(this.#uptimeMs() / 1_000),
      ...storeStatus(store),
      wanted: replicator.wanted.size,
      orphans: replicator.wanted.orphans,
      catchUp: catchUpStatus(replicator.sessions.catchUp),
      refused: replicator.fetcher.refused,
      refusing: store.refusing ?? replicator.fetcher.paused,
      transfer: { ...fetch.totals },
      push: replicator.ownItems.totals,
      mesh: mesh.discovery.status,
      peers: this.#dealtWith(),
    };
  }

  /** Those we deal with, then those we only know of. */
  peers(): PeerStatus[] {
    const shown = this.#dealtWith();
    const ids = new Set(shown.map(({ peerId }) => peerId));
    const others = this.#init.mesh.discovery.peers.filter(({ peer }) => !ids.has(peer));
    return [
      ...shown,
      ...others.map(({ peer, addresses }) => ({
        ...this.#peerStatus(peer, undefined, undefined),
        address: addresses[0] ?? null,
      })),
    ];
  }

  /** Peers we have met since the start, then the wanted addresses whose peer we have not met. */
  #dealtWith(): PeerStatus[] {
    const { addresses } = this.#init.mesh.dialer;
    const records = new Map(
      this.#init.replicator.peers.all().map((record) => [record.peer, record]),
    );
    const met = new Set([...records.keys(), ...this.#init.mesh.connections.peers.keys()]);
    return [
      ...[...met].map((peer) =>
        this.#peerStatus(
          peer,
          records.get(peer),
          addresses.find((address) => address.peerId === peer),
        ),
      ),
      ...addresses
        .filter(({ peerId }) => peerId === null || !met.has(peerId))
        .map((address) => this.#peerStatus(address.peerId, undefined, address)),
    ];
  }

  async dial(address: string): Promise<PeerStatus> {
    const state = await this.#init.mesh.dialer.dial(address);
    const known = this.peers().find(({ peerId }) => peerId !== null && peerId === state.peerId);
    return known ?? this.#peerStatus(state.peerId, undefined, state);
  }

  forget(address: string): string[] {
    const removed = this.#init.mesh.dialer.remove(address);
    if (removed.length === 0) throw unknownAddress(address);
    return removed;
  }

  async sync(peerId?: string): Promise<SyncResult[]> {
    if (peerId !== undefined && !this.#reconciles(peerId)) throw unknownPeer(peerId);
    const reports = await this.#init.replicator.sessions.sync(peerId);
    return reports.map(({ peer, equal, missing, error }) => ({
      peerId: peer,
      equal,
      missing,
      error,
    }));
  }

  async put(payload: Uint8Array, hint?: bigint): Promise<PutResult> {
    const { replicator, clock } = this.#init;
    const [result] = await replicator.ownItems.put([
      { hint: hint ?? BigInt(clock.now()), payload },
    ]);
    return result!;
  }

  get(id: Uint8Array): Promise<Item | undefined> {
    return this.#init.replica.get(id);
  }

  head(id: Uint8Array): Promise<{ hint: bigint; bytes: number } | undefined> {
    return this.#init.replica.head(id);
  }

  async why(id: Uint8Array): Promise<WhyAnswer> {
    const head = await this.head(id);
    if (head !== undefined) return { state: 'have', hint: `${head.hint}`, bytes: head.bytes };
    const why = this.#init.replicator.why(id);
    if (why.state === 'expired') return { ...why, at: isoTime(why.at) };
    if (why.state !== 'wanted') return why;
    const { since, expiresAt } = why;
    return {
      ...why,
      since: isoTime(since),
      expiresAt: expiresAt === null ? null : isoTime(expiresAt),
    };
  }

  list(init: ListInit): Promise<ItemKey[]> {
    return this.#init.replica.list(init);
  }

  async verify(options: VerifyOptions): Promise<VerifyResult> {
    const { replica } = this.#init;
    if (replica.status().rebuilding !== null) {
      throw new StoreError(
        'STORE_REBUILDING',
        'the index is being built again: verify when the status no longer says so',
      );
    }
    try {
      return await replica.verify(options);
    } catch (cause) {
      if (!isUnreadable(cause)) throw cause;
      throw new StoreError(
        'STORE_CORRUPT',
        `the database cannot be read to its end (${(cause as Error).message}): check the disk`,
        { cause },
      );
    }
  }

  broken(): RefusalReason | null {
    if (this.#closed) return CLOSED;
    const { refusing } = this.#init.replica;
    return refusing !== null && BROKEN.has(refusing.code) ? refusing : null;
  }

  /** From the moment shutting down begins the node is neither alive nor ready. */
  closing(): void {
    this.#closed = true;
  }

  ready(): boolean {
    if (!this.#firstRoundOver) {
      const tried = this.#init.mesh.dialer.addresses.every(
        ({ connected, lastError, peerId }) =>
          lastError !== null || (connected && peerId !== null && this.#hadSession(peerId)),
      );
      this.#firstRoundOver =
        (tried && this.#init.replicator.peers.firstRoundEnded) || this.#uptimeMs() > FIRST_ROUND_MS;
    }
    return this.#firstRoundOver && !this.#closed && this.#init.replica.indexed;
  }

  #uptimeMs(): number {
    return this.#init.clock.monotonic() - this.#startedAt;
  }

  #reconciles(peerId: string): boolean {
    return this.#init.replicator.peers.get(peerId)?.connected === true;
  }

  #hadSession(peerId: string): boolean {
    return (this.#init.replicator.peers.get(peerId)?.sessions ?? 0) > 0;
  }

  #statements(peerId: string | null): Pick<PeerStatus, 'coversAsOf' | 'equalAsOf'> {
    if (peerId === null) return { coversAsOf: null, equalAsOf: null };
    const { coversAsOf, equalAsOf } = this.#init.replicator.statements.of(peerId);
    return { coversAsOf: provedAt(coversAsOf), equalAsOf: provedAt(equalAsOf) };
  }

  #peerStatus(
    peerId: string | null,
    record: PeerRecord | undefined,
    wanted: AddressState | undefined,
  ): PeerStatus {
    const { connections, discovery } = this.#init.mesh;
    const discovered = peerId !== null && discovery.knows(peerId);
    const connected = peerId !== null && connections.connected(peerId);
    const error = wanted?.lastError ?? null;
    return {
      peerId,
      address: (peerId === null ? null : connections.peers.get(peerId)) ?? wanted?.address ?? null,
      origin: wanted?.source ?? (discovered ? 'discovered' : 'inbound'),
      connected,
      inSync: connected && this.#init.replicator.peers.inSync(peerId),
      ...this.#statements(peerId),
      lastSession: record?.lastSession == null ? null : lastSession(record.lastSession),
      lastError: error === null ? null : { ...error, at: isoTime(error.at) },
    };
  }
}

function unknownAddress(address: string): DaemonError {
  return new DaemonError(
    'UNKNOWN_ADDRESS',
    `${address} is not among the addresses kept connected: give one of those that /v1/peers shows with the origin config or runtime`,
  );
}

function unknownPeer(peerId: string): DaemonError {
  return new DaemonError(
    'UNKNOWN_PEER',
    `no peer ${peerId} is connected that speaks this network's protocol: see the peers in /v1/peers`,
  );
}
