import type { VerifiedItem } from '../../store/index.ts';
import type { Fetcher } from './fetching/index.ts';
import type { SharedParts } from './parts.ts';
import type { PeerRecords } from './peers.ts';
import { isHeld, type Push } from './push/index.ts';
import type { PeerStatements, ProofRenewal, Sessions } from './scheduling/index.ts';
import { SessionIntake } from './session-intake.ts';
import type { WantsKeeper } from './upkeep/index.ts';

export interface FindingsInit extends SharedParts {
  peers: Pick<PeerRecords, 'get' | 'listed'>;
  statements: Pick<PeerStatements, 'learnt'>;
  sessions: Pick<Sessions, 'overSlice' | 'learnt' | 'catchingUp'>;
  fetcher: Fetcher;
  proofs: Pick<ProofRenewal, 'changed'>;
  keeper: Pick<WantsKeeper, 'touch'>;
  push: Pick<Push, 'arriving'>;
}

/** Takes what sessions find missing here: ids, which are wanted then, and items, which are stored. */
export class Findings {
  readonly #init: FindingsInit;
  readonly #intake: SessionIntake;

  constructor(init: FindingsInit) {
    this.#init = init;
    const { guarded } = init.fetcher;
    const left = (peer: string, ids: readonly Uint8Array[]): void => this.#want(peer, ids);
    this.#intake = new SessionIntake({ ...init, guarded, left });
  }

  /** Items stored since the session took its snapshot are not missing; refused items are not wanted. */
  missing(peer: string, ids: readonly Uint8Array[]): void {
    this.#learnt(peer, ids);
    this.#want(peer, ids);
  }

  /** Whether a session that begins may bring items. A catch-up has several peers bring them. */
  takesItems(peer: string): boolean {
    const { sessions, fetcher, rates } = this.#init;
    if (sessions.catchingUp || this.#intake.busy) return false;
    return fetcher.takesItems(peer) && rates.debtMs(peer) === 0;
  }

  async items(peer: string, items: readonly VerifiedItem[]): Promise<void> {
    const ids = items.map(({ id }) => id);
    this.#learnt(peer, ids);
    this.#init.peers.listed(peer);
    this.#init.fetcher.brought(peer);
    await this.#intake.take(
      peer,
      items.filter(({ id }) => !this.#here(id)),
    );
  }

  /** Whether an id is not fetched though the peer lists it. */
  refuses(peer: string, id: Uint8Array): boolean {
    const { guard, fetcher } = this.#init;
    return !guard.takesFrom(peer) || fetcher.refuses(peer, id);
  }

  stop(): Promise<void> {
    return this.#intake.stop();
  }

  /** Also of a peer that is gone: its session may yet end as proved. */
  #learnt(peer: string, ids: readonly Uint8Array[]): void {
    const { sessions, statements } = this.#init;
    if (!sessions.overSlice(peer)) statements.learnt(peer, ids);
  }

  #want(peer: string, ids: readonly Uint8Array[]): void {
    const { peers, sessions, fetcher, wanted, proofs, observer, keeper } = this.#init;
    if (peers.get(peer)?.connected !== true) return;
    peers.listed(peer);
    const lacking = ids.filter((id) => !this.#here(id) && !this.refuses(peer, id));
    const believed = lacking.slice(0, fetcher.room(peer));
    wanted.add(peer, believed);
    sessions.learnt(peer, believed);
    // An item that never comes is a change that no proof covers, and there may be no other change.
    if (believed.length > 0) proofs.changed();
    observer?.want(peer, believed);
    keeper.touch();
    fetcher.pump();
  }

  #here(id: Uint8Array): boolean {
    const { replica, push } = this.#init;
    return isHeld(replica, id) || push.arriving(id) || this.#intake.arriving(id);
  }
}
