import type { ClockService, Fetch, ReconcileService } from '../../protocol/index.ts';
import {
  type Clock,
  type ItemKey,
  isReadFailure,
  type ListInit,
  type PutResult,
  type Replica,
  StoreError,
  type VerifyOptions,
  type VerifyResult,
} from '../../store/index.ts';
import type { Budgets } from '../budgets/index.ts';
import type { RetentionStatus } from '../control-api.ts';
import type { ExplainedNode } from '../explain-api.ts';
import type { Mesh, PeerRoles } from '../mesh/index.ts';
import type {
  ArrivalFeed,
  PeerStatus,
  RefusalReason,
  Status,
  SyncResult,
  Verdict,
  WhyAnswer,
} from '../node-api.ts';
import type { Penalties } from '../penalties/index.ts';
import type { Replicator } from '../replicator/index.ts';
import { type AcceptedHints, NO_RETENTION } from '../retention/index.ts';
import { VERSION } from '../version.ts';
import { Explanations, refusalIn, whyAnswer } from './explain/index.ts';
import { NodeItems, OwnFeed } from './items/index.ts';
import { NEVER_PAUSED, type PausedView, pausedNow, refusePaused } from './pausing/index.ts';
import {
  noDialect,
  notKnown,
  notPenalised,
  ownPeer,
  ownSecret,
  peerConnected,
  unknownAddress,
  unknownPeer,
} from './peer-errors.ts';
import { troubleOf, twinsOf } from './peer-troubles.ts';
import { PeerViews } from './peer-views.ts';
import { catchUpStatus, storeStatus, syncResult } from './status-view.ts';
import { transferOf } from './transfer.ts';
import { verdictOf } from './verdict.ts';

/** How long the first round of sessions may keep a node from being called ready. */
const FIRST_ROUND_MS = 15_000;

interface RunningNodeInit {
  replica: Replica;
  mesh: Pick<
    Mesh,
    | 'peerId'
    | 'addresses'
    | 'connections'
    | 'troubles'
    | 'spoken'
    | 'dialer'
    | 'discovery'
    | 'forget'
  >;
  roles: Pick<PeerRoles, 'of'>;
  penalties: Pick<Penalties, 'of' | 'bans' | 'pardon'>;
  replicator: Replicator;
  fetch: Fetch;
  reconcile: Pick<ReconcileService, 'itemTotals'>;
  clocks: Pick<ClockService, 'of'>;
  budgets: Pick<Budgets, 'now'>;
  clock: Clock;
  networkName: string;
  events: ExplainedNode['events'];
  /** Recognizes keys and tokens of this node. */
  isSecret: (payload: Uint8Array) => boolean;
  /** @default nothing is ever paused */
  paused?: PausedView;
  /** @default everything is kept */
  retention?: { readonly status: RetentionStatus };
  /** @default hints of new items have no bound */
  accepted?: Pick<AcceptedHints, 'maxAheadMs'>;
}

/** Codes with which the store refuses puts until a restart, or until an operator acts. */
const BROKEN: ReadonlySet<string> = new Set(['STORE_WRITE_FAILED', 'STORE_CORRUPT']);

const CLOSED: RefusalReason = { code: 'STORE_CLOSED', message: 'the daemon is shutting down' };

/** The state and the calls of a running daemon, in the terms of the admin endpoint. */
export class RunningNode implements ExplainedNode {
  readonly bulk: NodeItems;
  readonly explain: Explanations;
  readonly feed: ArrivalFeed;
  readonly events: ExplainedNode['events'];
  readonly #init: RunningNodeInit;
  readonly #views: PeerViews;
  readonly #startedAt: number;
  #firstRoundOver = false;
  #closed = false;
  readonly #paused: PausedView;

  constructor(init: RunningNodeInit) {
    this.#init = init;
    this.bulk = new NodeItems({ ...init, ownItems: init.replicator.ownItems });
    this.events = init.events;
    this.feed = new OwnFeed(init.replica, init.mesh.peerId);
    this.#views = new PeerViews(init);
    this.explain = new Explanations({ ...init, node: this, views: this.#views });
    this.#paused = init.paused ?? NEVER_PAUSED;
    this.#startedAt = init.clock.monotonic();
  }

  status(): Status {
    const { replica, mesh, replicator, fetch, reconcile, budgets, networkName } = this.#init;
    const store = replica.status();
    return {
      ...this.verdict(),
      version: VERSION,
      peerId: mesh.peerId,
      network: networkName,
      addresses: mesh.addresses,
      uptimeSeconds: Math.floor(this.#uptimeMs() / 1_000),
      ...storeStatus(store),
      wanted: replicator.wanted.size,
      orphans: replicator.wanted.orphans,
      catchUp: catchUpStatus(replicator.sessions.catchUp),
      refused: replicator.fetcher.refused.size,
      refusing: store.refusing ?? replicator.fetcher.paused,
      transfer: transferOf(fetch, reconcile),
      budgets: budgets.now,
      push: replicator.ownItems.totals,
      mesh: mesh.discovery.status,
      paused: this.#paused.pausing.state,
      retention: this.#init.retention?.status ?? NO_RETENTION,
      peers: this.#views.dealtWith(),
    };
  }

  verdict(): Verdict {
    const { clock, replica, replicator } = this.#init;
    const { wanted, fetcher, sessions } = replicator;
    const { indexed, refusing } = replica;
    return verdictOf({
      closed: this.#closed,
      indexed,
      // The status sums up the set, which probes need not wait for.
      rebuilding: indexed ? null : replica.status().rebuilding,
      wanted: wanted.size,
      orphans: wanted.orphans,
      refused: fetcher.refused.held,
      refusing: refusing ?? fetcher.paused,
      catchUp: sessions.catchUp,
      paused: pausedNow(this.#paused),
      peers: this.#views.compared(),
      connected: this.#init.mesh.connections.peers.size,
      trouble: troubleOf(this.#init.mesh),
      twins: twinsOf(this.#init.mesh),
      now: clock.now(),
    });
  }

  peers(): PeerStatus[] {
    return this.#views.all();
  }

  async dial(address: string): Promise<PeerStatus> {
    const state = await this.#init.mesh.dialer.dial(address);
    const known = this.peers().find(({ peerId }) => peerId !== null && peerId === state.peerId);
    return known ?? this.#views.of(state.peerId, state);
  }

  forget(address: string): string[] {
    const removed = this.#init.mesh.dialer.remove(address);
    if (removed.length === 0) throw unknownAddress(address);
    return removed;
  }

  async forgetPeer(peerId: string): Promise<string[]> {
    const { mesh, replicator } = this.#init;
    if (peerId === mesh.peerId) throw ownPeer(peerId);
    if (mesh.connections.connected(peerId)) throw peerConnected(peerId);
    const recorded = replicator.forget(peerId);
    const removed = await mesh.forget(peerId);
    if (removed === null && !recorded) throw notKnown(peerId);
    return removed ?? [];
  }

  pardon(peerId: string): PeerStatus {
    if (peerId === this.#init.mesh.peerId) throw ownPeer(peerId);
    if (!this.#init.penalties.pardon(peerId)) throw notPenalised(peerId);
    return this.#views.of(peerId);
  }

  async sync(peerId?: string): Promise<SyncResult[]> {
    const { replicator, mesh } = this.#init;
    const { peers, sessions } = replicator;
    if (peerId === mesh.peerId) throw ownPeer(peerId);
    refusePaused(this.#paused, peerId);
    if (peerId !== undefined && peers.get(peerId)?.connected !== true) {
      throw mesh.connections.ours.has(peerId) ? noDialect(peerId) : unknownPeer(peerId);
    }
    return (await sessions.sync(peerId)).map(syncResult);
  }

  async put(payload: Uint8Array, hint?: bigint): Promise<PutResult> {
    const { replicator, clock, isSecret } = this.#init;
    if (isSecret(payload)) throw ownSecret();
    const item = { hint: hint ?? BigInt(clock.now()), payload };
    const [result] = await replicator.ownItems.put([item]);
    return result!;
  }

  readonly get: Replica['get'] = (id, options) => this.#init.replica.get(id, options);

  head(id: Uint8Array): Promise<{ hint: bigint; bytes: number } | undefined> {
    return this.#init.replica.head(id);
  }

  async idsWith(
    prefix: string,
    { limit, wanted }: { readonly limit: number; readonly wanted: boolean },
  ): Promise<Uint8Array[]> {
    const { replica, replicator } = this.#init;
    const held = await replica.idsWith(prefix, limit);
    return wanted ? [...held, ...replicator.whys.missingWith(prefix, limit - held.length)] : held;
  }

  refusal(id: Uint8Array): ReturnType<typeof refusalIn> {
    return refusalIn(this.#init.replica, id);
  }

  why(id: Uint8Array): Promise<WhyAnswer> {
    return whyAnswer(id, this.#init);
  }

  list(init: ListInit): Promise<ItemKey[]> {
    return this.#init.replica.list(init);
  }

  async verify(options: VerifyOptions): Promise<VerifyResult> {
    const { replica } = this.#init;
    if (replica.status().rebuilding !== null) {
      const message = 'the index is being built again: verify when the status no longer says so';
      throw new StoreError('STORE_REBUILDING', message);
    }
    try {
      return await replica.verify(options);
    } catch (cause) {
      const isTold = cause instanceof StoreError && cause.code === 'STORE_UNAVAILABLE';
      if (isTold || !isReadFailure(cause)) throw cause;
      const message = `the database cannot be read to its end (${(cause as Error).message}): check the disk`;
      throw new StoreError('STORE_CORRUPT', message, { cause });
    }
  }

  broken(): RefusalReason | null {
    if (this.#closed) return CLOSED;
    const { refusing } = this.#init.replica;
    return refusing !== null && BROKEN.has(refusing.code) ? refusing : null;
  }

  /** From now on the node is neither alive nor ready. */
  closing(): void {
    this.#closed = true;
  }

  ready(): boolean {
    const { mesh, replicator, replica } = this.#init;
    const { peers } = replicator;
    if (!this.#firstRoundOver) {
      const tried = mesh.dialer.addresses.every(
        ({ connected, lastError, peerId }) =>
          lastError !== null ||
          (connected && peerId !== null && (peers.get(peerId)?.sessions ?? 0) > 0),
      );
      this.#firstRoundOver = (tried && peers.firstRoundEnded) || this.#uptimeMs() > FIRST_ROUND_MS;
    }
    return this.#firstRoundOver && !this.#closed && replica.indexed;
  }

  #uptimeMs(): number {
    return this.#init.clock.monotonic() - this.#startedAt;
  }
}
