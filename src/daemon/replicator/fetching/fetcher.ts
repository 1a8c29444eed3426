import type { Logger } from 'pino';
import type { Fetch, FetchReport, ReconciliationSet } from '../../../protocol/index.ts';
import {
  bytesToHex,
  bytesToKey,
  type Clock,
  equalBytes,
  type Item,
  type ItemKey,
  type Replica,
} from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';
import type { ReplicatorOptions } from '../options.ts';
import { Pause, type Reason } from '../pause.ts';
import { Claiming } from './claiming.ts';
import { Crowding } from './crowding.ts';
import { Intake, Window } from './intake.ts';
import { LargeTurn } from './large-item-gate.ts';
import { bringsNothing, isLiar, type Judgement, judge, judgeLie } from './peer-penalties.ts';
import { RefusedIds } from './refused-ids.ts';
import { type FetchSource, RunningRequest, Sources } from './sources.ts';
import { Stealing } from './stealing.ts';
import type { RequestKind } from './throughput.ts';

export interface FetcherInit {
  wanted: ReconciliationSet;
  replica: Replica;
  clock: Clock;
  logger: Logger;
  options: ReplicatorOptions;
  /** Called when nothing that a peer listed is believed any more. */
  disbelieved: (peer: string) => void;
}

/** Ids that a peer may list which has not delivered anything for long. */
const VAIN_IDS = 1_024;

/** Works off the wanted ids: claims what the peers have, in pieces they can bring soon, and stores it. */
export class Fetcher {
  readonly #init: FetcherInit;
  readonly #sources: Sources;
  readonly #refused = new RefusedIds();
  readonly #windows: Readonly<Record<RequestKind, Window>>;
  readonly #pause: Pause;
  readonly #turn: LargeTurn;
  readonly #stealing: Stealing;
  readonly #crowding: Crowding;
  readonly #claiming: Claiming;
  readonly #running = new Map<RunningRequest, Promise<void>>();
  /** Large items that came and may not be on disk yet. */
  readonly #large = new Set<string>();
  /** Null until the fetcher starts: nothing is asked for before. */
  #fetch: Pick<Fetch, 'fetch'> | null = null;
  #stopped = false;

  constructor(init: FetcherInit) {
    this.#init = init;
    const { clock, wanted, options } = init;
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs, windowBytes } = options;
    this.#sources = new Sources({ newBackOff: () => new BackOff({ baseMs, maxMs }) });
    this.#windows = { small: new Window(windowBytes), large: new Window(windowBytes) };
    const wake = (): void => this.pump();
    this.#pause = new Pause({ ...init, resume: wake });
    this.#turn = new LargeTurn({ ...options, clock, wake });
    this.#stealing = new Stealing({ ...options, clock, wanted, wake });
    this.#crowding = new Crowding({ wanted, options, clock, wake });
    this.#claiming = new Claiming({ wanted, options, turn: this.#turn });
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Whether anything is being fetched from the peer. */
  asks(peer: string): boolean {
    return (this.#sources.get(peer)?.requests.size ?? 0) > 0;
  }

  /** Why nothing is fetched at the moment, or null. */
  get paused(): Reason | null {
    return this.#pause.reason;
  }

  /** Items tried that our limits do not let in. */
  get refused(): number {
    return this.#refused.size;
  }

  /** Whether there is no use in wanting an id because `peer` lists it: it says that it is too large. */
  refuses(peer: string, id: Uint8Array): boolean {
    return this.#refused.hasFrom(peer, id);
  }

  /**
   * How many further ids the peer may list: few as long as nothing comes of what it lists, and none
   * while it rests.
   */
  room(peer: string): number {
    const source = this.#sources.get(peer);
    if (source === undefined || !bringsNothing(source)) return Number.POSITIVE_INFINITY;
    return source.resting ? 0 : Math.max(0, VAIN_IDS - this.#init.wanted.listed(peer));
  }

  /** Whether any peer says that an item is too large. */
  isSaidTooLarge(id: Uint8Array): boolean {
    return this.#refused.has(id);
  }

  connected(peer: string): void {
    this.#sources.connected(peer);
    this.#init.wanted.probe(peer);
    this.pump();
  }

  disconnected(peer: string): void {
    this.#sources.disconnected(peer);
    this.#init.wanted.drop(peer);
    this.pump();
  }

  /** A session with `peer` ended: what it lists is new. */
  listed(peer: string): void {
    const source = this.#sources.get(peer);
    if (source !== undefined) source.penalised = false;
  }

  /** Items came onto the disk, from wherever. */
  committed(added: readonly ItemKey[]): void {
    let small = 0;
    for (const { id } of added) {
      for (const peer of this.#refused.delete(id)) this.#lied(peer, id);
      if (this.#large.size === 0 || !this.#large.delete(bytesToKey(id))) small++;
    }
    if (small > 0) this.#turn.small();
  }

  start(fetch: Pick<Fetch, 'fetch'>): void {
    this.#fetch = fetch;
    this.pump();
  }

  /** Starts as many requests as there are ids, peers and limits for. */
  pump(): void {
    if (this.#fetch === null) return;
    for (let started = true; started && !this.#stopped; ) {
      started = false;
      for (const source of this.#sources.ready) started = this.#startOne(source) || started;
    }
    if (!this.#stopped) this.#steal();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const part of [this.#pause, this.#turn, this.#stealing, this.#crowding, this.#sources])
      part.stop();
    await Promise.all(this.#running.values());
  }

  #startOne(source: FetchSource): boolean {
    const { wanted, options } = this.#init;
    if (wanted.claimed === wanted.size) return false;
    if (source.requests.size >= (source.onProbation ? 1 : options.requestsPerPeer)) return false;
    if (this.#running.size >= options.maxRequests) return false;
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
    await this.#request(request);
    this.#running.delete(request);
    this.pump();
  }

  async #request(request: RunningRequest): Promise<void> {
    const { replica, options, wanted } = this.#init;
    const { source, ids, kind, signal } = request;
    const known = (id: Uint8Array): void => void wanted.received(id);
    const intake = new Intake({ replica, window: this.#windows[kind], known });
    const report = await this.#fetch!.fetch({
      peer: source.peer,
      ids,
      signal,
      ...(kind === 'small' && { maxBytes: options.maxSmallBytes }),
      onProgress: (bytes) => request.came(bytes),
      onItems: (items) => this.#take(request, intake, items),
    });
    const { items, absent, large, tooLarge } = report;
    const answered = items + absent.length + large.length + tooLarge.length;
    const { bytes, streamedMs } = request;
    source.throughput.note({ kind, answered, items, bytes, streamedMs });
    await intake.settle();
    if (kind === 'large') for (const id of ids) this.#large.delete(bytesToKey(id));
    if (intake.error !== null) this.#pause.refused(intake.error);
    else this.#pause.ended(intake.stored);
    // Abandoned meanwhile: its claims were given back then, and may be a newer request's by now.
    if (!source.requests.delete(request)) return;
    // Whatever is stored has left the list of what is wanted, and the claims with it.
    const allStored = intake.stored === ids.length;
    const denied = allStored ? 0 : this.#settle(request, report);
    if (intake.error === null) this.#judge(request, report, denied);
    else this.#init.logger.warn({ peer: source.peer, ...intake.error }, 'fetched item not stored');
  }

  #take(request: RunningRequest, intake: Intake, items: readonly Item[]): Promise<void> {
    for (const { id, payload } of items) {
      if (request.kind === 'large') this.#large.add(bytesToKey(id));
      const said = this.#init.wanted.said(id);
      if (said !== undefined && said.bytes !== payload.length) this.#lied(said.peer, id);
    }
    return request.storing(intake.take(items));
  }

  /**
   * Gives the claims back; the id that spoiled the request goes last, so that it spoils no other.
   * Returns how many ids the peer does not have that it had listed itself.
   */
  #settle({ source, ids }: RunningRequest, report: FetchReport): number {
    const { wanted } = this.#init;
    const { peer } = source;
    const { large, tooLarge, endedAt, outcome } = report;
    const absent = isLiar(source)
      ? [...report.absent, ...large.map(({ id }) => id)]
      : report.absent;
    const denied = absent.filter((id) => wanted.lists(peer, id)).length;
    for (const id of absent) wanted.release(peer, id, { forget: true });
    // Of a liar's claims these are gone by now.
    for (const { id, length } of large) wanted.release(peer, id, { length });
    for (const id of tooLarge) this.#refuse(peer, id);
    for (const id of ids) {
      if (endedAt === null || !equalBytes(id, endedAt)) wanted.release(peer, id);
    }
    const wrong = outcome === 'invalid';
    if (endedAt !== null) wanted.release(peer, endedAt, { forget: wrong, keep: wrong });
    return denied;
  }

  /** The item is too large for us, says the peer. Others are asked first, if there are any. */
  #refuse(peer: string, id: Uint8Array): void {
    const { wanted, logger } = this.#init;
    wanted.release(peer, id, { forget: true });
    this.#refused.add(peer, id);
    if (wanted.sources(id).length > 0) return;
    logger.warn({ peer, id: bytesToHex(id) }, 'item refused: above limits.maxItemBytes');
    wanted.received(id);
  }

  /** What the peer said of an item's length was wrong: so may be all else it said of lengths. */
  #lied(peer: string, id: Uint8Array): void {
    const { wanted, logger } = this.#init;
    wanted.unsay(peer);
    const source = this.#sources.get(peer);
    if (source === undefined || this.#stopped) return;
    const restMs = this.#punish(source, judgeLie(source));
    const disbelieved = isLiar(source);
    logger.warn({ peer, id: bytesToHex(id), disbelieved, restMs }, 'peer said a wrong length');
    this.pump();
  }

  /** Milliseconds that the source rests, if it does. */
  #punish(source: FetchSource, { rest, disbelieved }: Judgement, denied = false): number | null {
    const { clock, wanted } = this.#init;
    if (disbelieved) {
      source.abandon();
      wanted.drop(source.peer, { denied });
      this.#init.disbelieved(source.peer);
    }
    return rest ? source.rest(clock, () => this.pump()) : null;
  }

  #judge({ source, stolen }: RunningRequest, report: FetchReport, denied: number): void {
    const { logger } = this.#init;
    const { items, outcome, error, payloadBytes, absent } = report;
    const { peer } = source;
    const line = { peer, items, absent: absent.length, payloadBytes, ...error };
    if (this.#stopped) return;
    const judgement = judge(source, report, denied);
    // What it lacks was likely made up; what it serves wrong, others may have.
    const restMs = this.#punish(source, judgement, outcome === 'complete');
    if (restMs === null) {
      logger.debug(line, 'fetched');
      return;
    }
    const { disbelieved } = judgement;
    const how = stolen ? 'stalled' : outcome;
    logger.warn({ ...line, outcome: how, disbelieved, restMs }, 'peer failed as a source');
  }

  /** Lets idle sources have what others take too long to bring. */
  #steal(): void {
    const { requestsPerPeer } = this.#init.options;
    const idle = this.#sources.ready.filter((source) => source.requests.size < requestsPerPeer);
    for (const request of this.#stealing.late(this.#running.keys(), idle)) {
      if (!request.stolen) request.steal();
    }
    const victim = this.#crowding.victim([...this.#running.keys()], this.#sources.ready);
    if (victim?.stolen === false) victim.steal();
  }
}
