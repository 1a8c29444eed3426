import { type Clock, checkClock, checkFunction, checkInit } from '../../store/index.ts';
import { type PeerWork, type TrafficMeter, Turns } from '../budgets/index.ts';
import { messageOf, PAUSED, ProtocolError, STOPPED } from '../errors.ts';
import type { Knows } from '../knows.ts';
import { Limiters, type Release } from '../limiter.ts';
import { type Log, SILENT } from '../log.ts';
import type { Channel, Network } from '../network/index.ts';
import { protocolId } from '../protocol-id.ts';
import { AnswerMemory } from './answer-memory.ts';
import { MAX_ANSWER_BYTES, requestFrameBytes } from './codec.ts';
import { FETCH_VERSION } from './constants.ts';
import { DEFAULT_FETCH_OPTIONS, type FetchOptions } from './options.ts';
import type { FetchReport, FetchRequest } from './report.ts';
import { Requester } from './requester.ts';
import { Responder, type Serve } from './responder.ts';

/** The fetch service as the replicator sees it: it asks for items, and serves those it holds. */
export interface Fetch {
  start(): Promise<void>;
  /** Calls off all requests, in both roles; resolves once they have ended. */
  stop(): Promise<void>;
  /** Ends the answers to the peer that are under way. */
  interrupt?(peer: string): void;
  /** Never rejects: failures are in the report. */
  fetch(request: FetchRequest): Promise<FetchReport>;
  /** Payload bytes since the start. */
  readonly totals: { readonly receivedBytes: number; readonly sentBytes: number };
}

/** What a `FetchService` needs. */
export interface FetchInit {
  clock: Clock;
  /** Part of the protocol id: deployments with different names never mix. 1 to 64 characters. */
  networkName: string;
  /** Finds the items that peers ask for. */
  serve: Serve;
  /**
   * Peers whose requests are answered; see `interrupt` for those under way.
   * @default all
   */
  answers?: (peer: string) => boolean;
  /**
   * Why requests of the peer are not answered, apart from a pause; null: they are.
   * @default they are
   */
  refusal?: (peer: string) => ProtocolError | null;
  /**
   * The rate of work that peers cause. Serving is charged; the answers of a peer wait while it owes work.
   * @default not charged
   */
  work?: Pick<PeerWork, 'run' | 'debtMs' | 'rest'>;
  /**
   * Shares the turns of the event loop among the reads of all answers, and with other work in slices.
   * @default its own
   */
  turns?: Pick<Turns, 'run'>;
  /**
   * The budget of bytes on the wire, shared with the other services. Answers wait for it, in both roles.
   * @default not charged
   */
  traffic?: TrafficMeter;
  /**
   * Peers that a part of the memory is kept for, and whose requests always find a place to wait.
   * @default none; nothing is kept
   */
  knows?: Knows;
  /** @default silent */
  log?: Log;
  options?: Partial<FetchOptions>;
}

/** Bytes of requests held unread on a stream: two full frames. */
const REQUEST_WINDOW_BYTES = 64 * 1024;

/** Bytes of answers held unread on a stream while a budget bounds what may come. */
const BUDGET_WINDOW_BYTES = 64 * 1024;

/** Asks peers for items and serves them, over a network; `fetch` is the service for libp2p. */
export class FetchService implements Fetch {
  readonly #network: Network;
  readonly #init: FetchInit;
  readonly #options: FetchOptions;
  readonly #protocol: string;
  readonly #log: Log;
  readonly #asking: Limiters;
  readonly #answering: Limiters;
  readonly #requests = new Map<Requester, Promise<FetchReport>>();
  readonly #serving = new Map<Channel, Promise<void>>();
  readonly #totals = { receivedBytes: 0, sentBytes: 0 };
  readonly #memory: AnswerMemory;
  readonly #turns: Pick<Turns, 'run'>;
  #running = false;
  #waiting = 0;

  /** Throws `INVALID_INIT` or `INVALID_NETWORK_NAME`. */
  constructor(network: Network, init: FetchInit) {
    checkInit('fetch', init);
    checkClock(init.clock);
    checkFunction('serve', init.serve);
    this.#network = network;
    this.#init = init;
    this.#log = init.log ?? SILENT;
    this.#options = { ...DEFAULT_FETCH_OPTIONS, ...init.options };
    this.#memory = new AnswerMemory({ ...init, options: this.#options });
    this.#turns = init.turns ?? new Turns({ clock: init.clock });
    this.#asking = new Limiters(this.#options.requestsPerPeer);
    this.#answering = new Limiters(this.#options.servedPerPeer);
    this.#protocol = protocolId(init.networkName, 'fetch', FETCH_VERSION);
  }

  get totals(): { readonly receivedBytes: number; readonly sentBytes: number } {
    return { ...this.#totals };
  }

  /** The part of the memory for answers in use, 0 to 1. */
  get usedRatio(): number {
    return this.#memory.usedRatio;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#network.handle(this.#protocol, (channel) => this.#serve(channel), {
      maxFrameBytes: requestFrameBytes(this.#options.maxIdsPerFrame),
      maxInbound: this.#options.maxInbound,
      receiveWindowBytes: REQUEST_WINDOW_BYTES,
    });
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    await this.#network.unhandle(this.#protocol);
    for (const requester of this.#requests.keys()) requester.abort(STOPPED);
    for (const channel of this.#serving.keys()) channel.abort(STOPPED);
    await Promise.all([...this.#requests.values(), ...this.#serving.values()]);
  }

  interrupt(peer: string): void {
    for (const channel of this.#serving.keys()) if (channel.peer === peer) channel.abort(PAUSED);
  }

  async fetch(request: FetchRequest): Promise<FetchReport> {
    const requester = new Requester({
      request,
      options: this.#options,
      clock: this.#init.clock,
      limiter: this.#asking.of(request.peer),
      open: (signal) =>
        this.#network.open(request.peer, this.#protocol, {
          maxFrameBytes: MAX_ANSWER_BYTES,
          receiveWindowBytes: this.#windowBytes,
          signal,
        }),
      received: (bytes) => {
        this.#totals.receivedBytes += bytes;
      },
      traffic: this.#init.traffic,
    });
    if (!this.#running) requester.abort(STOPPED);
    const report = requester.run();
    this.#requests.set(requester, report);
    try {
      return await report;
    } finally {
      this.#requests.delete(requester);
      this.#asking.tidy(request.peer);
    }
  }

  /** What lies unread has come already: under a budget it is little. */
  get #windowBytes(): number {
    const { receiveWindowBytes } = this.#options;
    const bounded = this.#init.traffic?.bounds('download') === true;
    return bounded ? Math.min(BUDGET_WINDOW_BYTES, receiveWindowBytes) : receiveWindowBytes;
  }

  async #serve(channel: Channel): Promise<void> {
    if (!this.#running) throw STOPPED;
    if (this.#init.answers?.(channel.peer) === false) throw PAUSED;
    const refusal = this.#init.refusal?.(channel.peer) ?? null;
    if (refusal !== null) throw refusal;
    const serving = this.#respond(channel);
    this.#serving.set(channel, serving);
    await serving;
    this.#serving.delete(channel);
    this.#answering.tidy(channel.peer);
  }

  async #respond(channel: Channel): Promise<void> {
    const responder = new Responder({
      ...this.#init,
      channel,
      work: this.#init.work,
      traffic: this.#init.traffic,
      options: this.#options,
      memory: this.#memory,
      turns: this.#turns,
      sent: (bytes) => {
        this.#totals.sentBytes += bytes;
      },
    });
    const { peer, broken } = channel;
    let release: Release | undefined;
    try {
      release = await this.#turn(peer, broken);
      await responder.run();
    } catch (error) {
      const reason = error instanceof ProtocolError ? error : cannotServe(error);
      channel.abort(reason);
      const { code, message } = reason;
      this.#log.warn({ peer, code, message }, 'a fetch request was not answered');
    } finally {
      release?.();
    }
  }

  async #turn(peer: string, broken: AbortSignal): Promise<Release> {
    const limiter = this.#answering.of(peer);
    const crowded = this.#waiting >= this.#options.maxWaiting;
    if (limiter.full && crowded && this.#init.knows?.(peer) !== true) throw CROWDED;
    this.#waiting++;
    try {
      return await limiter.take(broken);
    } finally {
      this.#waiting--;
    }
  }
}

const CROWDED = new ProtocolError('BUSY', 'too many requests wait at this node: ask again later');

function cannotServe(cause: unknown): ProtocolError {
  const message = `cannot read an item to serve: ${messageOf(cause)}`;
  return new ProtocolError('ABORTED', message, { cause });
}
