import type { Logger } from 'pino';
import type { Fetch, FetchReport, ReconciliationSet } from '../../protocol/index.ts';
import { bytesToHex, type Clock, equalBytes, type Item, type Replica } from '../../store/index.ts';
import { BackOff } from '../backoff.ts';
import { Intake, Window } from './intake.ts';
import type { ReplicatorOptions } from './options.ts';
import { Pause, type Reason } from './pause.ts';
import { RefusedIds } from './refused-ids.ts';
import { type Source, Sources } from './sources.ts';

/** A peer that sent wrong bytes for so many ids in a row is believed nothing it listed. */
const INVALID_IDS = 3;

export interface FetcherInit {
  wanted: ReconciliationSet;
  replica: Replica;
  fetch: Fetch;
  clock: Clock;
  logger: Logger;
  options: ReplicatorOptions;
}

/** Works off the wanted ids: claims batches for the peers that have them, stores what comes. */
export class Fetcher {
  readonly #init: FetcherInit;
  readonly #sources: Sources;
  readonly #refused = new RefusedIds();
  readonly #window: Window;
  readonly #pause: Pause;
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(init: FetcherInit) {
    this.#init = init;
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs, windowBytes } = init.options;
    this.#sources = new Sources(() => new BackOff({ baseMs, maxMs }));
    this.#window = new Window(windowBytes);
    this.#pause = new Pause({ ...init, resume: () => this.pump() });
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

  refuses(id: Uint8Array): boolean {
    return this.#refused.has(id);
  }

  connected(peer: string): void {
    this.#sources.connected(peer);
    this.pump();
  }

  disconnected(peer: string): void {
    this.#sources.disconnected(peer);
    this.#init.wanted.drop(peer);
    this.pump();
  }

  /** Starts as many requests as there are ids, peers and limits for. */
  pump(): void {
    const { wanted } = this.#init;
    for (let started = true; started; ) {
      started = false;
      for (const source of this.#sources.ready) {
        if (this.#stopped || wanted.claimed === wanted.size) return;
        started = this.#startOne(source) || started;
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause.stop();
    this.#sources.stop();
    await Promise.all(this.#running);
  }

  #startOne(source: Source): boolean {
    const { batchItems, requestsPerPeer, maxRequests } = this.#init.options;
    if (source.requests.size >= requestsPerPeer || this.#running.size >= maxRequests) return false;
    const allowance = this.#pause.allowance();
    if (allowance === 0) return false;
    const ids = this.#init.wanted.claim(source.peer, allowance === 1 ? 1 : batchItems);
    if (ids.length === 0) {
      if (allowance === 1) this.#pause.ended(0);
      return false;
    }
    const running = this.#request(source, ids).finally(() => {
      this.#running.delete(running);
      this.pump();
    });
    this.#running.add(running);
    return true;
  }

  async #request(source: Source, ids: readonly Uint8Array[]): Promise<void> {
    const { replica, fetch } = this.#init;
    const { peer } = source;
    const control = new AbortController();
    source.requests.add(control);
    const intake = new Intake(replica, this.#window);
    const onItem = (item: Item) => intake.take(item);
    const report = await fetch.fetch({ peer, ids, onItem, signal: control.signal });
    await intake.settle();
    if (intake.error !== null) this.#pause.refused(intake.error);
    else this.#pause.ended(intake.stored);
    // Abandoned meanwhile: its claims were given back then, and may be a newer request's by now.
    if (!source.requests.delete(control)) return;
    this.#release(peer, ids, report);
    if (intake.error === null) this.#judge(source, report);
    else this.#init.logger.warn({ peer, ...intake.error }, 'fetched item not stored');
  }

  /** Gives the claims back; the id that spoiled the request goes last, so that it spoils no other. */
  #release(peer: string, ids: readonly Uint8Array[], report: FetchReport): void {
    const { wanted } = this.#init;
    const { endedAt, error, outcome } = report;
    for (const id of report.absent) wanted.release(peer, id, { forget: true });
    if (error?.code === 'ITEM_TOO_LARGE' && endedAt !== null) this.#refuse(peer, endedAt);
    for (const id of ids) {
      if (endedAt === null || !equalBytes(id, endedAt)) wanted.release(peer, id);
    }
    if (endedAt !== null) wanted.release(peer, endedAt, { forget: outcome === 'invalid' });
  }

  /** The item is right but too large for us, whoever has it. */
  #refuse(peer: string, id: Uint8Array): void {
    this.#init.logger.warn({ peer, id: bytesToHex(id) }, 'item refused: above limits.maxItemBytes');
    this.#refused.add(id);
    this.#init.wanted.received(id);
  }

  #judge(source: Source, report: FetchReport): void {
    const { items, outcome, error, payloadBytes, absent, endedAt } = report;
    const line = { peer: source.peer, items, absent: absent.length, payloadBytes, ...error };
    if (outcome === 'complete') {
      source.backOff.reset();
      source.invalid = 0;
      this.#init.logger.debug(line, 'fetched');
      return;
    }
    if (this.#stopped || error?.code === 'ITEM_TOO_LARGE') return;
    if (outcome === 'invalid' && (endedAt === null || ++source.invalid >= INVALID_IDS)) {
      source.abandon();
      this.#init.wanted.drop(source.peer);
    }
    const restMs = source.rest(this.#init.clock, () => this.pump());
    this.#init.logger.warn({ ...line, outcome, restMs }, 'peer failed as a source');
  }
}
