import { checkClock, checkFunction, checkInit, systemRandom } from '../../store/index.ts';
import { Turns } from '../budgets/index.ts';
import { STOPPED } from '../errors.ts';
import { Limiters } from '../limiter.ts';
import type { Channel, ChannelHandler, Network } from '../network/index.ts';
import { protocolId } from '../protocol-id.ts';
import { MAX_ANSWER_BYTES, requestFrameBytes } from './codec.ts';
import { FETCH_VERSION } from './constants.ts';
import type { Fetch, FetchInit } from './init.ts';
import { DEFAULT_FETCH_OPTIONS, type FetchOptions } from './options.ts';
import {
  MAX_REQUEST_BYTES,
  RANGE_FRAME_BYTES,
  RANGE_VERSION,
  type RangeReport,
  type RangeRequest,
  RangeRequester,
} from './range/index.ts';
import type { FetchReport, FetchRequest } from './report.ts';
import { Requester } from './requester.ts';
import { Serving } from './serving.ts';

/** Bytes of requests held unread on a stream: two full frames. */
const REQUEST_WINDOW_BYTES = 64 * 1024;

/** Bytes of answers held unread on a stream while a budget bounds what may come. */
const BUDGET_WINDOW_BYTES = 64 * 1024;

/** Likewise of a range, at all times: a kill loses them, and they come again. */
const RANGE_WINDOW_BYTES = 128 * 1024;

type AnyRequester = Pick<Requester | RangeRequester, 'abort'>;

/** Asks peers for items and serves them, over a network; `fetch` is the service for libp2p. */
export class FetchService implements Fetch {
  readonly #network: Network;
  readonly #init: FetchInit;
  readonly #options: FetchOptions;
  readonly #protocols: Readonly<Record<'ids' | 'range', string>>;
  readonly #asking: Limiters;
  readonly #requests = new Map<AnyRequester, Promise<unknown>>();
  readonly #serving: Serving;
  readonly #turns: Pick<Turns, 'run' | 'ready'>;
  readonly #totals = { receivedBytes: 0, sentBytes: 0 };
  readonly #streaming = new Set<string>();
  #unwatch: () => void = () => undefined;
  #running = false;

  /** Throws `INVALID_INIT` or `INVALID_NETWORK_NAME`. */
  constructor(network: Network, init: FetchInit) {
    checkInit('fetch', init);
    checkClock(init.clock);
    checkFunction('serve', init.serve);
    this.#network = network;
    this.#init = init;
    this.#options = { ...DEFAULT_FETCH_OPTIONS, ...init.options };
    const sent = (bytes: number): void => {
      this.#totals.sentBytes += bytes;
    };
    this.#turns = init.turns ?? new Turns({ clock: init.clock });
    this.#serving = new Serving({ ...init, turns: this.#turns, options: this.#options, sent });
    this.#asking = new Limiters(this.#options.requestsPerPeer);
    this.#protocols = {
      ids: protocolId(init.networkName, 'fetch', FETCH_VERSION),
      range: protocolId(init.networkName, 'range', RANGE_VERSION),
    };
  }

  get totals(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return { ...this.#totals };
  }

  /** The part of the memory for answers in use, 0 to 1. */
  get usedRatio(): number {
    return this.#serving.usedRatio;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#serving.start();
    const { serveRange = null } = this.#init;
    const { maxIdsPerFrame } = this.#options;
    const serving = this.#serving;
    const ids: ChannelHandler = (channel) => serving.serveIds(channel);
    await this.#handle('ids', ids, requestFrameBytes(maxIdsPerFrame));
    if (serveRange === null) return;
    const range: ChannelHandler = (channel) => serving.serveRange(channel, serveRange);
    await this.#handle('range', range, MAX_REQUEST_BYTES);
    this.#unwatch = await this.#network.watch(this.#protocols.range, {
      connected: (peer) => this.#streaming.add(peer),
      disconnected: (peer) => this.#streaming.delete(peer),
    });
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#unwatch();
    this.#streaming.clear();
    await this.#network.unhandle(this.#protocols.ids);
    if (this.#init.serveRange) await this.#network.unhandle(this.#protocols.range);
    for (const requester of this.#requests.keys()) requester.abort(STOPPED);
    await Promise.all([...this.#requests.values(), this.#serving.stop()]);
  }

  interrupt(peer: string): void {
    this.#serving.interrupt(peer);
  }

  fetch(request: FetchRequest): Promise<FetchReport> {
    const parts = this.#partsFor(request.peer, 'ids', MAX_ANSWER_BYTES);
    return this.#run(request.peer, new Requester({ ...parts, request }));
  }

  streams(peer: string): boolean {
    return this.#streaming.has(peer);
  }

  stream(request: RangeRequest): Promise<RangeReport> {
    const { random = systemRandom } = this.#init;
    const parts = this.#partsFor(request.peer, 'range', RANGE_FRAME_BYTES);
    return this.#run(request.peer, new RangeRequester({ ...parts, random, request }));
  }

  #partsFor(peer: string, protocol: 'ids' | 'range', maxFrameBytes: number) {
    const { clock, traffic } = this.#init;
    const receiveWindowBytes = this.#windowBytes(protocol);
    return {
      clock,
      traffic,
      turns: this.#turns,
      options: this.#options,
      limiter: this.#asking.of(peer),
      open: (signal: AbortSignal): Promise<Channel> => {
        const init = { maxFrameBytes, receiveWindowBytes, signal };
        return this.#network.open(peer, this.#protocols[protocol], init);
      },
      received: (bytes: number): void => {
        this.#totals.receivedBytes += bytes;
      },
    };
  }

  async #run<Report>(
    peer: string,
    requester: AnyRequester & { run(): Promise<Report> },
  ): Promise<Report> {
    if (!this.#running) requester.abort(STOPPED);
    const report = requester.run();
    this.#requests.set(requester, report);
    try {
      return await report;
    } finally {
      this.#requests.delete(requester);
      this.#asking.tidy(peer);
    }
  }

  /** What lies unread has come already: under a budget it is little. */
  #windowBytes(protocol: 'ids' | 'range'): number {
    const { receiveWindowBytes: most } = this.#options;
    if (this.#init.traffic?.bounds('download') === true) return Math.min(BUDGET_WINDOW_BYTES, most);
    return protocol === 'range' ? Math.min(RANGE_WINDOW_BYTES, most) : most;
  }

  #handle(
    protocol: 'ids' | 'range',
    handler: ChannelHandler,
    maxFrameBytes: number,
  ): Promise<void> {
    const { maxInbound } = this.#options;
    const init = { maxFrameBytes, maxInbound, receiveWindowBytes: REQUEST_WINDOW_BYTES };
    return this.#network.handle(this.#protocols[protocol], handler, init);
  }
}
