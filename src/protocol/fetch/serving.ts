import type { Turns } from '../budgets/index.ts';
import { messageOf, PAUSED, ProtocolError, STOPPED } from '../errors.ts';
import { Limiters, type Release } from '../limiter.ts';
import { type Log, SILENT } from '../log.ts';
import type { Channel } from '../network/index.ts';
import { AnswerMemory } from './answer-memory.ts';
import type { FetchInit } from './init.ts';
import type { FetchOptions } from './options.ts';
import { RangeResponder, type ServeRange } from './range/index.ts';
import { Responder } from './responder.ts';

export interface ServingInit extends Omit<FetchInit, 'options' | 'turns'> {
  options: FetchOptions;
  turns: Pick<Turns, 'run' | 'ready'>;
  /** Called with payload bytes that were sent. */
  sent: (bytes: number) => void;
}

/** The answers that this node gives, to requests for ids and for ranges: they share places and memory. */
export class Serving {
  readonly #init: ServingInit;
  readonly #log: Log;
  readonly #memory: AnswerMemory;
  readonly #answering: Limiters;
  readonly #running = new Map<Channel, Promise<void>>();
  #waiting = 0;
  #stopped = true;

  constructor(init: ServingInit) {
    this.#init = init;
    this.#log = init.log ?? SILENT;
    this.#memory = new AnswerMemory(init);
    this.#answering = new Limiters(init.options.servedPerPeer);
  }

  /** The part of the memory for answers in use, 0 to 1. */
  get usedRatio(): number {
    return this.#memory.usedRatio;
  }

  start(): void {
    this.#stopped = false;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const channel of this.#running.keys()) channel.abort(STOPPED);
    await Promise.all(this.#running.values());
  }

  interrupt(peer: string): void {
    for (const channel of this.#running.keys()) if (channel.peer === peer) channel.abort(PAUSED);
  }

  /** Answers requests for ids. */
  serveIds(channel: Channel): Promise<void> {
    return this.#serve(channel, new Responder(this.#partsFor(channel)));
  }

  /** Answers a request for a range. */
  serveRange(channel: Channel, serveRange: ServeRange): Promise<void> {
    return this.#serve(channel, new RangeResponder({ ...this.#partsFor(channel), serveRange }));
  }

  #partsFor(channel: Channel) {
    const { serve, options, clock, work, traffic, turns, sent } = this.#init;
    const shared = { serve, options, clock, work, traffic, turns, sent };
    return { ...shared, channel, memory: this.#memory };
  }

  async #serve(channel: Channel, responder: { run(): Promise<void> }): Promise<void> {
    if (this.#stopped) throw STOPPED;
    if (this.#init.answers?.(channel.peer) === false) throw PAUSED;
    const refusal = this.#init.refusal?.(channel.peer) ?? null;
    if (refusal !== null) throw refusal;
    const serving = this.#respond(channel, responder);
    this.#running.set(channel, serving);
    await serving;
    this.#running.delete(channel);
    this.#answering.tidy(channel.peer);
  }

  async #respond(channel: Channel, responder: { run(): Promise<void> }): Promise<void> {
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
    const crowded = this.#waiting >= this.#init.options.maxWaiting;
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
