import { type Clock, invariant } from '../../../store/index.ts';
import { ProtocolError } from '../../errors.ts';
import type { Channel, SessionChannel } from '../../network/index.ts';
import { countBytes } from '../../varint.ts';
import type { Dialect } from '../dialect.ts';

export interface PeerStreamInit {
  /** The id of this node. */
  self: string;
  channel: Omit<Channel, 'ready' | 'broken'>;
  dialect: Dialect;
  events: PeerStreamEvents;
  clock: Pick<Clock, 'monotonic'>;
}

export interface PeerStreamEvents {
  /** The peer begins a session in `slot`. An error that this throws ends the stream. */
  inbound(stream: PeerStream, slot: SessionSlot): Promise<void>;
  /** The stream carries no session any more; called once. */
  ended(stream: PeerStream): void;
}

/** The channel of one session on a stream; it fails once the stream carries another session. */
export interface SessionSlot extends SessionChannel {
  /** The stream was there before the session. */
  readonly reused: boolean;
  /** On the monotonic clock: a session that the peer begins here began no earlier. */
  readonly since: number;
  /** A good end: the stream is free for the next session. */
  end(): void;
}

type OpenSlot = { -readonly [Field in keyof SessionSlot]: SessionSlot[Field] };

/** A stream for one session, or a slot. */
export type OpenChannel = SessionChannel & Partial<SessionSlot>;

/** The sender begins the next session of the stream. No dialect has empty frames. */
const MARK = new Uint8Array(0);

/** A stream for many sessions, one after the other, begun by either side (docs/protocol-streams.md). */
export class PeerStream {
  readonly peer: string;
  readonly dialect: Dialect;
  readonly #init: PeerStreamInit;
  #slot: SessionSlot | null = null;
  /** The next frame; it belongs to the session that runs when it arrives. */
  #reading: Promise<Uint8Array | null> | null = null;
  #used = false;
  readonly #ended = Promise.withResolvers<void>();
  readonly over: Promise<void> = this.#ended.promise;
  #alive = true;
  /** The peer takes a snapshot once its stream is open here, or once our first frame has ended its session before. */
  #since: number;

  constructor(init: PeerStreamInit) {
    this.#init = init;
    this.#since = init.clock.monotonic();
    this.peer = init.channel.peer;
    this.dialect = init.dialect;
  }

  get idle(): boolean {
    return this.#alive && this.#slot === null;
  }

  /** Begins a session of ours; the first session of a stream needs no mark. */
  call(): SessionSlot {
    return this.#begin(this.#used);
  }

  serve(): SessionSlot {
    return this.#begin(false);
  }

  abort(error: ProtocolError): void {
    this.#init.channel.abort(error);
    this.#end();
  }

  /** Closes a stream that carries no session. */
  async close(): Promise<void> {
    this.#end();
    await this.#init.channel.close().catch(() => {});
  }

  /** `marked`: a mark tells the peer that a session of ours begins on a used stream. */
  #begin(marked: boolean): SessionSlot {
    const { channel, clock } = this.#init;
    invariant(this.#alive, 'session', 'STREAM_ALIVE', this.peer);
    let pending = marked;
    let spokeAt: number | null = null;
    const check = (): void => {
      if (this.#slot !== slot) throw SLOT_ENDED;
    };
    const slot: OpenSlot = {
      peer: channel.peer,
      reused: marked,
      since: this.#since,
      sentBytes: 0,
      receivedBytes: 0,
      send: async (frame) => {
        check();
        // In one write: a tie may end the session before the next, and the peer passes over both.
        const frames = pending ? [MARK, frame] : [frame];
        pending = false;
        spokeAt ??= clock.monotonic();
        for (const { length } of frames) slot.sentBytes += countBytes(length) + length;
        await channel.sendAll(frames);
      },
      receive: async () => {
        let frame = await this.#receive(slot);
        const mayTie = marked && slot.receivedBytes === 0;
        if (mayTie && frame?.length === 0) frame = await this.#tie(slot, !pending);
        if (frame !== null) slot.receivedBytes += countBytes(frame.length) + frame.length;
        return frame;
      },
      close: async () => {
        check();
        await channel.close();
      },
      abort: (error) => {
        if (this.#slot === slot) this.abort(error);
      },
      end: () => {
        if (this.#slot !== slot) return;
        this.#slot = null;
        this.#since = spokeAt ?? this.#since;
        void this.#listen();
      },
    };
    this.#used = true;
    this.#slot = slot;
    return slot;
  }

  /** The next frame for `slot`; rejects when another session has begun meanwhile. */
  async #receive(slot: SessionSlot): Promise<Uint8Array | null> {
    const reading = this.#read();
    const frame = await reading;
    if (this.#slot !== slot || this.#reading !== reading) throw SLOT_ENDED;
    this.#reading = null;
    return frame;
  }

  /** Both sides began at once: the session of the node with the smaller id counts, where the peer hears of it. */
  async #tie(slot: SessionSlot, told: boolean): Promise<Uint8Array | null> {
    if (told && this.#init.self < this.peer) {
      await this.#receive(slot);
      return this.#receive(slot);
    }
    this.#serveInbound();
    throw SLOT_ENDED;
  }

  #read(): Promise<Uint8Array | null> {
    if (this.#reading !== null) return this.#reading;
    const reading = this.#init.channel.receive();
    reading.catch(() => {});
    this.#reading = reading;
    return reading;
  }

  /** Waits for the next frame of the peer, unless a session of ours takes it. */
  async #listen(): Promise<void> {
    const reading = this.#read();
    let frame: Uint8Array | null;
    try {
      frame = await reading;
    } catch {
      this.#end();
      return;
    }
    if (this.#slot !== null || this.#reading !== reading) return;
    this.#reading = null;
    if (frame === null) await this.close();
    else if (frame.length > 0) this.abort(UNASKED);
    else this.#serveInbound();
  }

  #serveInbound(): void {
    this.#init.events.inbound(this, this.serve()).catch((error) => this.abort(error));
  }

  #end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#ended.resolve();
    this.#init.events.ended(this);
  }
}

const SLOT_ENDED = new ProtocolError('ABORTED', 'the stream carries another session now');
const UNASKED = new ProtocolError(
  'UNEXPECTED_FRAME',
  'the peer sent a frame, and had not begun a session: begin with an empty frame',
);
