import { type Fetch, Turns } from '../../../protocol/index.ts';
import type { BulkPace, ItemKey } from '../../../store/index.ts';
import type { SharedParts } from '../parts.ts';
import { Pause, type Reason } from '../pause.ts';
import { Attempts } from './attempts.ts';
import { Claiming } from './claiming.ts';
import { LargeItemGate } from './large-item-gate.ts';
import { bringsNothing, delivered, PeerPenalties } from './peer-penalties.ts';
import { RefusedIds } from './refused-ids.ts';
import { RequestReassignment } from './request-reassignment.ts';
import { RequestRunner } from './request-runner.ts';
import { type FetchSource, RunningRequest, Sources } from './sources.ts';
import { type StreamedRange, Streaming, type StreamResult } from './streaming.ts';

export interface FetcherInit extends SharedParts {
  /** See `ReplicatorInit`. */
  bulk?: Pick<BulkPace, 'turn'>;
  /** Called when the list of a peer is not believed any more. */
  disbelieved: (peer: string) => void;
  /** A peer names items that are too long to be streamed. */
  listed: (peer: string, ids: readonly Uint8Array[]) => void;
}

/** Ids that a peer may list after it has delivered nothing for long. */
const VAIN_IDS = 1_024;

/** Fetches the wanted ids: claims them for sources in pieces they can bring soon, and stores the items. */
export class Fetcher {
  /** Items that peers say to be above the limits of this node. */
  readonly refused: RefusedIds = new RefusedIds();
  /** Items that the guard of this node does not take of a peer, whatever the peer does. */
  readonly guarded: RefusedIds = new RefusedIds();
  readonly attempts: Attempts;
  readonly #init: FetcherInit;
  readonly #sources: Sources;
  readonly #pause: Pause;
  readonly #gate: LargeItemGate;
  readonly #reassignment: RequestReassignment;
  readonly #claiming: Claiming;
  readonly #penalties: PeerPenalties;
  #runner: RequestRunner | null = null;
  #streaming: Streaming | null = null;
  readonly #running = new Map<RunningRequest, Promise<void>>();

  constructor(init: FetcherInit) {
    this.#init = init;
    this.attempts = new Attempts(init);
    const { clock, wanted, options } = init;
    const wake = (): void => this.pump();
    this.#sources = new Sources(options);
    this.#pause = new Pause({ ...init, resume: wake });
    this.#gate = new LargeItemGate({ ...options, clock, wake });
    this.#reassignment = new RequestReassignment({ wanted, options, clock, wake });
    this.#claiming = new Claiming({ wanted, options, gate: this.#gate });
    this.#penalties = new PeerPenalties({ ...init, sources: this.#sources, wake });
  }

  start(fetch: Pick<Fetch, 'fetch' | 'stream' | 'streams'>): void {
    const { clock, bulk = new Turns({ clock }) } = this.#init;
    const shared = { ...this.#init, bulk, fetch, pause: this.#pause, guarded: this.guarded };
    const { refused, attempts } = this;
    const [gate, penalties] = [this.#gate, this.#penalties];
    this.#runner = new RequestRunner({ ...shared, gate, penalties, refused, attempts });
    this.#streaming = new Streaming(shared);
    this.pump();
  }

  /** Whether ranges can be asked of the peer now. */
  streams(peer: string): boolean {
    if (!this.#init.guard.takesFrom(peer)) return false;
    return this.#streaming?.available(peer) === true;
  }

  /** Has the peer, which `streams`, send all items of a range. Never rejects. */
  stream(range: StreamedRange): Promise<StreamResult> {
    return this.#streaming!.run(range);
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  asks(peer: string): boolean {
    return (this.#sources.get(peer)?.requests.size ?? 0) > 0;
  }

  /** Whether a session with the peer may bring items: nothing is fetched now that would come twice. */
  takesItems(peer: string): boolean {
    const source = this.#sources.get(peer);
    const willing = source !== undefined && !source.resting && !source.onProbation;
    return willing && !this.busy && this.#pause.open && this.#init.guard.takesFrom(peer);
  }

  /** Short items came from the peer in a session; large ones wait for them too. */
  brought(peer: string): void {
    this.#gate.noteSmall();
    const source = this.#sources.get(peer);
    if (source !== undefined) delivered(source);
  }

  /** Whether an item came from the peer, and its lists are believed since. */
  delivered(peer: string): boolean {
    return this.#sources.get(peer)?.delivered === true;
  }

  /** Whether the peer is not asked for the id, though it lists it. */
  refuses(peer: string, id: Uint8Array): boolean {
    if (this.#init.replica.refusals.hasFrom(peer, id)) return true;
    return this.refused.hasFrom(peer, id) || this.guarded.hasFrom(peer, id);
  }

  /** Why nothing is fetched at the moment, or null. */
  get paused(): Reason | null {
    return this.#pause.reason;
  }

  /** Ids that the peer may list still: none if nothing of it is taken, few as long as none of them comes, and none while it rests. */
  room(peer: string): number {
    if (!this.#init.guard.takesFrom(peer)) return 0;
    const source = this.#sources.get(peer);
    if (source === undefined || !bringsNothing(source)) return Number.POSITIVE_INFINITY;
    return source.resting ? 0 : Math.max(0, VAIN_IDS - this.#init.wanted.listed(peer));
  }

  connected(peer: string): void {
    this.#sources.connected(peer);
    this.refused.connected(peer);
    this.#init.wanted.probe(peer);
    this.pump();
  }

  disconnected(peer: string): void {
    this.#sources.disconnected(peer);
    this.refused.disconnected(peer);
    this.#init.wanted.drop(peer);
    this.pump();
  }

  /** A session with `peer` ended: its listing is new. */
  listed(peer: string): void {
    const source = this.#sources.get(peer);
    if (source !== undefined) source.penalised = false;
  }

  /** Items came onto this disk; `keys`: their ids as keys. */
  committed(added: readonly ItemKey[], keys: Iterable<string>): void {
    for (const { id } of added) {
      for (const peer of this.refused.delete(id)) this.#penalties.lied(peer, id);
      this.guarded.delete(id);
    }
    this.#gate.committed(added);
    this.attempts.stored(keys);
  }

  /** Starts requests while ids, peers and limits allow, and ends slow requests. */
  pump(): void {
    if (this.#runner === null) return;
    this.#claiming.newRound();
    for (let started = true; started; ) {
      started = false;
      for (const source of this.#sources.ready) started = this.#startOne(source) || started;
    }
    const running = [...this.#running.keys()];
    const { crowded } = this.#claiming;
    const due = this.#reassignment.due({ running, ready: this.#sources.ready, crowded });
    for (const request of due) request.reassign();
  }

  async stop(): Promise<void> {
    for (const part of [this.#pause, this.#gate, this.#reassignment, this.#sources]) part.stop();
    await Promise.all(this.#running.values());
  }

  #startOne(source: FetchSource): boolean {
    const { wanted, options } = this.#init;
    if (wanted.claimed === wanted.size) return false;
    if (source.requests.size >= (source.onProbation ? 1 : options.requestsPerPeer)) return false;
    if (this.#running.size >= options.maxRequests) return false;
    const debtMs = this.#init.rates.debtMs(source.peer);
    if (debtMs > 0) {
      if (wanted.listed(source.peer) > 0) this.#init.rates.putOff(source.peer);
      source.waitFor(debtMs, this.#init.clock, () => this.pump());
      return false;
    }
    const allowance = this.#pause.allowance();
    if (allowance === 0) return false;
    const claim = this.#claiming.claim(source, {
      only: allowance === 1,
      ready: this.#sources.ready,
      running: [...this.#running.keys()],
    });
    if (claim === null) {
      if (allowance === 1) this.#pause.ended(0);
      return false;
    }
    const request = new RunningRequest({ source, clock: this.#init.clock, ...claim });
    source.requests.add(request);
    this.#sources.served(source);
    this.#running.set(request, this.#run(request));
    return true;
  }

  async #run(request: RunningRequest): Promise<void> {
    await this.#runner!.run(request);
    this.#running.delete(request);
    this.pump();
  }
}
