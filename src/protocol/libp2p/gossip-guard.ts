import type { Stream } from '@libp2p/interface';
import type { Clock } from '../../store/index.ts';
import { ByteBudget, type TrafficMeter } from '../budgets/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Knows } from '../knows.ts';
import type { Release } from '../limiter.ts';
import { type GossipRate, GossipRates } from './gossip-rates.ts';

/** The bounds of a `GossipGuard`. */
export interface GossipGuardInit {
  clock: Clock;
  /** Longest frame accepted, in bytes. */
  maxFrameBytes: number;
  /** Bytes of all begun frames that are longer than 64 KiB; a stream that needs more is reset. */
  begunBytes: number;
  /** Looks after which a begun frame must have ended. */
  maxLooks: number;
  /** Frames a second: copies, offers and subscriptions count as messages do. */
  frames: GossipRate;
  /** Bytes a second. */
  bytes: GossipRate;
  /**
   * Peers that a quarter of these bytes is kept for.
   * @default none; nothing is kept
   */
  knows?: Knows;
  /**
   * Called with peers that send too much, or what is no frame.
   * @default none
   */
  blame?: (peer: string, code: 'FLOOD' | 'WRONG_FRAME') => void;
  /**
   * The budget of bytes on the wire. Gossip is charged and never waits.
   * @default not charged
   */
  traffic?: Pick<TrafficMeter, 'charge'> | undefined;
}

/** A begun frame up to this length needs no part of the budget: each peer has a single stream. */
const FREE_BYTES = 64 * 1024;

const TOO_FAST = 'the peer sends gossip too fast';

/** Chunks of a begun frame; each costs memory, however short it is. */
const FREE_CHUNKS = 1_024;

/**
 * Bounds the frames that peers begin on gossip streams, since gossipsub keeps their bytes for as long as the
 * stream lasts, and the rates of frames and bytes. A stream that goes too far is reset, and an honest peer
 * opens another.
 */
export class GossipGuard {
  readonly #init: GossipGuardInit;
  readonly #budget: ByteBudget;
  readonly #frameRates: GossipRates;
  readonly #byteRates: GossipRates;
  readonly #frames = new Map<string, BegunFrame>();

  constructor(init: GossipGuardInit) {
    this.#init = init;
    const { begunBytes: totalBytes, maxFrameBytes: holderBytes } = init;
    this.#budget = new ByteBudget({ ...init, totalBytes, holderBytes });
    this.#frameRates = new GossipRates(init.clock, init.frames);
    this.#byteRates = new GossipRates(init.clock, init.bytes);
  }

  /** Watches an inbound stream, and resets the one of the peer before it. Gossipsub must listen already. */
  watch(peer: string, stream: Stream): void {
    this.#frames.get(peer)?.stop('BUSY', 'the peer opened another gossip stream');
    const frame = new BegunFrame(peer, stream, this.#init, this.#budget);
    this.#frames.set(peer, frame);
    stream.addEventListener('message', ({ data }) => {
      const tooFast = (rates: GossipRates, units: number): void => {
        if (rates.isOver(peer, units)) this.#init.blame?.(peer, 'FLOOD');
        frame.stop('BUSY', TOO_FAST);
      };
      const bytes = data.byteLength;
      this.#init.traffic?.charge('download', peer, bytes);
      if (!this.#byteRates.take(peer, bytes)) tooFast(this.#byteRates, bytes);
      const begun = frame.begun;
      for (const chunk of data instanceof Uint8Array ? [data] : data) frame.add(chunk);
      const frames = frame.begun - begun;
      if (!this.#frameRates.take(peer, frames)) tooFast(this.#frameRates, frames);
      frame.check();
    });
    stream.addEventListener('close', () => {
      frame.end();
      if (this.#frames.get(peer) === frame) this.#frames.delete(peer);
    });
  }

  /** To be called at regular times. */
  look(): void {
    for (const frame of this.#frames.values()) frame.look();
  }
}

/** The frame that is on its way on a stream: a length as varint, and as many bytes. */
class BegunFrame {
  readonly #peer: string;
  readonly #stream: Stream;
  readonly #init: GossipGuardInit;
  readonly #budget: ByteBudget;
  /** Frames that have begun so far. */
  begun = 0;
  #prefixBytes = 0;
  #length = 0;
  #left = 0;
  #chunks = 0;
  #looks = 0;
  #release: Release | null = null;

  constructor(peer: string, stream: Stream, init: GossipGuardInit, budget: ByteBudget) {
    this.#peer = peer;
    this.#stream = stream;
    this.#init = init;
    this.#budget = budget;
  }

  add(chunk: Uint8Array): void {
    this.#chunks++;
    for (let at = 0; at < chunk.length && this.#stream.status === 'open'; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        if (this.#left === 0) this.end();
      } else this.#prefix(chunk[at++]!);
    }
  }

  #prefix(byte: number): void {
    this.#length += (byte & 0x7f) * 2 ** (7 * this.#prefixBytes);
    this.#prefixBytes++;
    if (this.#length > this.#init.maxFrameBytes || this.#prefixBytes > 4) {
      this.#init.blame?.(this.#peer, 'WRONG_FRAME');
      this.stop(
        'FRAME_TOO_LARGE',
        `a gossip frame has more than ${this.#init.maxFrameBytes} bytes`,
      );
    }
    if (byte >= 0x80) return;
    this.begun++;
    this.#left = this.#length;
    if (this.#length === 0) this.end();
  }

  /** The bytes that came leave a frame begun, or none. */
  check(): void {
    if (this.#length > FREE_BYTES) {
      this.#release ??= this.#budget.tryTake(this.#peer, this.#length);
      if (this.#release === null) this.stop('BUSY', 'too many long gossip frames are begun');
    }
    if (this.#chunks > FREE_CHUNKS) this.stop('MALFORMED_FRAME', 'a gossip frame in tiny pieces');
  }

  look(): void {
    if (this.#prefixBytes === 0) return;
    this.#looks++;
    if (this.#looks > this.#init.maxLooks) this.stop('TIMEOUT', 'a gossip frame did not end');
  }

  end(): void {
    this.#prefixBytes = 0;
    this.#length = 0;
    this.#left = 0;
    this.#chunks = 0;
    this.#looks = 0;
    this.#release?.();
    this.#release = null;
  }

  stop(code: ProtocolError['code'], message: string): void {
    this.#stream.abort(new ProtocolError(code, message));
  }
}
