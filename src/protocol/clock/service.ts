import { Alarm, type Clock, type Random } from '../../store/index.ts';
import { TokenBuckets } from '../budgets/index.ts';
import { within } from '../deadline.ts';
import { ProtocolError } from '../errors.ts';
import type { Channel, Network } from '../network/index.ts';
import { protocolId } from '../protocol-id.ts';
import { decodeAnswer, encodeAnswer } from './codec.ts';
import {
  ANSWERS,
  CLOCK_PROTOCOL,
  EXCHANGE_MS,
  FIRST_MS,
  MAX_FRAME_BYTES,
  NONCE_BYTES,
  PEER_ANSWERS,
  REPEAT_MS,
  RETRY_MS,
  WINDOW_BYTES,
} from './constants.ts';

/** What a `ClockService` needs. */
export interface ClockServiceInit {
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  /** Part of the protocol id. */
  readonly networkName: string;
  /**
   * Hears each answer of a peer.
   * @default nobody does
   */
  readonly onReading?: ((peer: string, reading: ClockReading) => void) | undefined;
}

/** What a peer said of its clock. */
export interface ClockReading {
  /** Milliseconds that its wall clock was ahead of the own one, to half of the round trip. */
  readonly offsetMs: number;
  /** By the own wall clock, in milliseconds since the epoch. */
  readonly measuredAt: number;
}

interface ClockEntry {
  reading: ClockReading | null;
  /** When it is to be asked next, on the monotonic clock. */
  dueAt: number;
}

const FAILED = new ProtocolError('ABORTED', 'the peer told no time');

const BOUNDS = { maxFrameBytes: MAX_FRAME_BYTES, receiveWindowBytes: WINDOW_BYTES };

/** Tells peers the time, and asks connected peers for theirs now and then, one at a time. */
export class ClockService {
  readonly #network: Network;
  readonly #init: ClockServiceInit;
  readonly #protocol: string;
  readonly #peers = new Map<string, ClockEntry>();
  readonly #each: TokenBuckets;
  readonly #all: TokenBuckets;
  readonly #alarm: Alarm;
  #unwatch: () => void = () => undefined;
  /** Calls off the question that is under way. */
  #asking: AbortController | null = null;
  #running = false;

  constructor(network: Network, init: ClockServiceInit) {
    const { clock } = init;
    this.#network = network;
    this.#init = init;
    this.#protocol = protocolId(init.networkName, ...CLOCK_PROTOCOL);
    this.#each = new TokenBuckets({ clock, ...PEER_ANSWERS });
    this.#all = new TokenBuckets({ clock, ...ANSWERS });
    this.#alarm = new Alarm(clock);
  }

  /** The last answer of a connected peer; null: it gave none yet. */
  of(peer: string): ClockReading | null {
    return this.#peers.get(peer)?.reading ?? null;
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#network.handle(this.#protocol, (channel) => this.#serve(channel), BOUNDS);
    this.#unwatch = await this.#network.watch(this.#protocol, {
      connected: (peer) => this.#connected(peer),
      disconnected: (peer) => this.#peers.delete(peer),
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#unwatch();
    this.#alarm.cancel();
    this.#asking?.abort(new ProtocolError('ABORTED', 'this node stops'));
    await this.#network.unhandle(this.#protocol);
  }

  async #serve(channel: Channel): Promise<void> {
    const late = new ProtocolError('TIMEOUT', `no question came within ${EXCHANGE_MS} ms`);
    const { clock } = this.#init;
    await within({ clock, ms: EXCHANGE_MS, expire: () => channel.abort(late) }, async () => {
      const question = await channel.receive();
      if (question === null) return;
      if (!this.#admits(channel.peer)) throw new ProtocolError('BUSY', 'too many questions');
      await channel.send(encodeAnswer(question, clock.now()));
      await channel.close();
      await channel.receive();
    });
  }

  /** A peer over its own rate takes nothing from the rate of all. */
  #admits(peer: string): boolean {
    return this.#each.take(peer) && this.#all.take('');
  }

  #connected(peer: string): void {
    const dueAt = this.#init.clock.monotonic() + FIRST_MS;
    this.#peers.set(peer, { reading: null, dueAt });
    this.#arm();
  }

  #arm(): void {
    if (!this.#running || this.#asking !== null || this.#peers.size === 0) return;
    const next = Math.min(...[...this.#peers.values()].map(({ dueAt }) => dueAt));
    const pause = Math.max(0, next - this.#init.clock.monotonic());
    this.#alarm.set(pause, () => void this.#askNext());
  }

  async #askNext(): Promise<void> {
    const now = this.#init.clock.monotonic();
    const next = [...this.#peers].find(([, { dueAt }]) => dueAt <= now);
    if (next !== undefined) {
      const [peer, asked] = next;
      asked.dueAt = now + RETRY_MS;
      const reading = await this.#ask(peer).catch(() => null);
      this.#asking = null;
      if (reading !== null) {
        Object.assign(asked, { reading, dueAt: now + REPEAT_MS });
        this.#init.onReading?.(peer, reading);
      }
    }
    this.#arm();
  }

  /** Rejects with `ProtocolError`. */
  async #ask(peer: string): Promise<ClockReading> {
    const { clock } = this.#init;
    const over = new AbortController();
    const { signal } = over;
    this.#asking = over;
    const late = new ProtocolError('TIMEOUT', `no answer came within ${EXCHANGE_MS} ms`);
    return within({ clock, ms: EXCHANGE_MS, expire: () => over.abort(late) }, async () => {
      const channel = await this.#network.open(peer, this.#protocol, { ...BOUNDS, signal });
      try {
        return await this.#exchange(channel, signal);
      } catch (error) {
        channel.abort(FAILED);
        throw error;
      }
    });
  }

  async #exchange(channel: Channel, signal: AbortSignal): Promise<ClockReading> {
    const { clock, random } = this.#init;
    signal.throwIfAborted();
    signal.addEventListener('abort', () => channel.abort(signal.reason), { once: true });
    const question = random.bytes(NONCE_BYTES);
    const [wall, begun] = [clock.now(), clock.monotonic()];
    await channel.send(question);
    const answer = await channel.receive();
    if (answer === null) throw new ProtocolError('STREAM_CLOSED', 'the peer said no time');
    const halfMs = (clock.monotonic() - begun) / 2;
    const offsetMs = Math.round(decodeAnswer(answer, question) - (wall + halfMs));
    await channel.close();
    return { offsetMs, measuredAt: Math.round(wall + halfMs) };
  }
}
