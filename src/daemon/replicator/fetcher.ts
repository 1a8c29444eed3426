import type { Logger } from 'pino';
import type { Fetch, FetchReport, ReconciliationSet } from '../../protocol/index.ts';
import type { Cancel, Clock, Item, Replica } from '../../store/index.ts';
import { BackOff } from '../backoff.ts';
import { Intake } from './intake.ts';
import type { ReplicatorOptions } from './options.ts';

export interface FetcherInit {
  wanted: ReconciliationSet;
  replica: Replica;
  fetch: Fetch;
  clock: Clock;
  logger: Logger;
  options: ReplicatorOptions;
}

interface Source {
  requests: number;
  readonly backOff: BackOff;
  /** Set while the peer rests after a failure. */
  resting: Cancel | undefined;
}

/** Works off the wanted ids: claims batches for the peers that have them, stores what comes. */
export class Fetcher {
  readonly #init: FetcherInit;
  readonly #sources = new Map<string, Source>();
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  #waitingForRoom: Cancel | undefined;

  constructor(init: FetcherInit) {
    this.#init = init;
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  connected(peer: string): void {
    const { backoffBaseMs: baseMs, backoffMaxMs: maxMs } = this.#init.options;
    if (this.#sources.has(peer)) return;
    this.#sources.set(peer, {
      requests: 0,
      backOff: new BackOff({ baseMs, maxMs }),
      resting: undefined,
    });
  }

  disconnected(peer: string): void {
    this.#sources.get(peer)?.resting?.();
    this.#sources.delete(peer);
    this.#init.wanted.drop(peer);
    this.pump();
  }

  /** Starts as many requests as there are ids, peers and limits for. */
  pump(): void {
    if (this.#abort.signal.aborted || this.#init.wanted.size === 0 || this.#mustWait()) return;
    for (let started = true; started; ) {
      started = false;
      for (const [peer, source] of this.#sources) started = this.#startOne(peer, source) || started;
    }
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#waitingForRoom?.();
    for (const source of this.#sources.values()) source.resting?.();
    await Promise.all(this.#running);
  }

  /** Past a limit of the set nothing is fetched; a look every second finds out when there is room. */
  #mustWait(): boolean {
    if (this.#init.replica.status().refusing === null) return false;
    this.#waitingForRoom ??= this.#init.clock.after(1_000, () => {
      this.#waitingForRoom = undefined;
      this.pump();
    });
    return true;
  }

  #startOne(peer: string, source: Source): boolean {
    const { options, wanted } = this.#init;
    if (source.resting !== undefined || source.requests >= options.requestsPerPeer) return false;
    const ids = wanted.claim(peer, options.batchItems);
    if (ids.length === 0) return false;
    source.requests++;
    const running = this.#request(peer, source, ids).finally(() => {
      source.requests--;
      this.#running.delete(running);
      this.pump();
    });
    this.#running.add(running);
    return true;
  }

  async #request(peer: string, source: Source, ids: readonly Uint8Array[]): Promise<void> {
    const { replica, options, wanted } = this.#init;
    const intake = new Intake({ replica, windowBytes: options.windowBytes });
    const onItem = (item: Item) => intake.take(item);
    const { signal } = this.#abort;
    const report = await this.#init.fetch.fetch({ peer, ids, onItem, signal });
    const stored = await intake.settle();
    if (stored.error !== null)
      this.#init.logger.warn({ peer, ...stored.error }, 'fetched items not stored');
    for (const id of report.absent) wanted.release(peer, id, { forget: true });
    for (const id of ids) wanted.release(peer, id);
    this.#judge(peer, source, report);
  }

  #judge(peer: string, source: Source, report: FetchReport): void {
    const { items, outcome, error, payloadBytes } = report;
    const line = { peer, items, absent: report.absent.length, payloadBytes, ...error };
    if (outcome === 'complete') {
      source.backOff.reset();
      this.#init.logger.debug(line, 'fetched');
      return;
    }
    if (this.#abort.signal.aborted || !this.#sources.has(peer)) return;
    if (outcome === 'invalid') this.#init.wanted.drop(peer);
    const restMs = source.backOff.next();
    this.#init.logger.warn({ ...line, outcome, restMs }, 'peer failed as a source');
    source.resting?.();
    source.resting = this.#init.clock.after(restMs, () => {
      source.resting = undefined;
      this.pump();
    });
  }
}
