import {
  type Outline,
  type ReconcileEvents,
  type ReconciliationSet,
  type SessionReport,
  settledBoth,
} from '../../protocol/index.ts';
import { keyToBytes, type Replica } from '../../store/index.ts';
import type { Fetcher } from './fetching/index.ts';
import type { PeerRecords } from './peers.ts';
import { isHeld, type Push } from './push/index.ts';
import {
  isOwnTrouble,
  outcome,
  type PeerStatements,
  type SessionScheduler,
  type Sessions,
} from './scheduling/index.ts';
import type { IndexWait, Refill, WantsKeeper } from './upkeep/index.ts';

/** The parts that sessions concern. */
export interface SessionEventsInit {
  replica: Replica;
  wanted: ReconciliationSet;
  keeper: WantsKeeper;
  peers: PeerRecords;
  statements: PeerStatements;
  fetcher: Fetcher;
  sessions: Sessions;
  scheduler: SessionScheduler;
  push: Push;
  indexWait: IndexWait;
  refill: Refill;
}

/** Passes each result of a session to the parts that it concerns. */
export class SessionEvents implements ReconcileEvents {
  readonly #parts: SessionEventsInit;

  constructor(init: SessionEventsInit) {
    this.#parts = init;
  }

  peerConnected(peer: string): void {
    const { peers, fetcher, scheduler } = this.#parts;
    peers.connected(peer);
    fetcher.connected(peer);
    scheduler.connected(peer);
  }

  peerDisconnected(peer: string): void {
    const { peers, statements, scheduler, sessions, fetcher } = this.#parts;
    for (const part of [peers, statements, scheduler, sessions, fetcher]) part.disconnected(peer);
  }

  outlined(peer: string, outlines: NonNullable<SessionReport['outlines']>): void {
    this.#parts.sessions.outlined(peer, outlines);
  }

  judge(peer: string, theirs: Outline): boolean {
    return this.#parts.sessions.judge(peer, theirs, this.#parts.replica.size);
  }

  differs(peer: string): void {
    this.#parts.peers.differs(peer);
  }

  /** Items stored since the session took its snapshot are not missing; refused items are not wanted. */
  missing(peer: string, ids: readonly Uint8Array[]): void {
    const { peers, statements, sessions, fetcher, wanted, keeper } = this.#parts;
    // Also of a peer that is gone: its session may yet end as proved.
    if (!sessions.overSlice(peer)) statements.learnt(peer, ids);
    if (peers.get(peer)?.connected !== true) return;
    peers.differs(peer);
    const lacking = ids.filter((id) => !this.#here(id) && !fetcher.refuses(peer, id));
    const believed = lacking.slice(0, fetcher.room(peer));
    wanted.add(peer, believed);
    sessions.learnt(peer, believed);
    keeper.touch();
    fetcher.pump();
  }

  ended(report: SessionReport): void {
    const { replica, peers, statements, sessions, scheduler, fetcher } = this.#parts;
    const { peer, error, version, continueFrom } = report;
    peers.ended(report);
    if (!sessions.overSlice(peer)) {
      statements.ended(report, (key) => isHeld(replica, keyToBytes(key)));
    }
    sessions.ended(report);
    scheduler.ended(peer, outcome(report));
    fetcher.listed(peer);
    const stale = version !== replica.version;
    const stopped = continueFrom !== null && settledBoth(report);
    if (stopped || (stale && error === null)) scheduler.changed();
    if (error === null) this.#refilled(report);
    else if (isOwnTrouble(error)) this.#parts.indexWait.watch();
  }

  #refilled(report: SessionReport): void {
    const { refill, peers, wanted, fetcher } = this.#parts;
    const missing = wanted.size - wanted.orphans;
    refill.ended(report, { peers: peers.all(), wanted: missing, refused: fetcher.refused });
  }

  #here(id: Uint8Array): boolean {
    return isHeld(this.#parts.replica, id) || this.#parts.push.arriving(id);
  }
}
