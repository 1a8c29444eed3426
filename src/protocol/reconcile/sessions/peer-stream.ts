import { ProtocolError } from '../../errors.ts';
import type { SessionChannel } from '../../network/index.ts';
import { countBytes } from '../../varint.ts';
import type { Dialect } from '../dialect.ts';

export interface PeerStreamInit {
  /** The id of this node. */
  self: string;
  channel: SessionChannel;
  dialect: Dialect;
  events: PeerStreamEvents;
}

export interface PeerStreamEvents {
  /** The peer begins a session in `slot`. An error that this throws ends the stream. */
  inbound(stream: PeerStream, slot: SessionSlot): Promise<void>;
  /** The stream carries no session any more; called once. */
  ended(stream: PeerStream): void;
}

/** The sender begins the next session of the stream. No dialect has empty frames. */
const MARK = new Uint8Array(0);

/** A stream for many sessions, one after the other, begun by either side (docs/protocol-streams.md). */
export class PeerStream {
  readonly peer: string;
  readonly dialect: Dialect;
  /** For slots alone. */
  readonly channel: SessionChannel;
  readonly #init: PeerStreamInit;
  /** The running session. */
  #slot: SessionSlot | null = null;
  /** The next frame; it belongs to the session that runs when it arrives. */
  #reading: Promise<Uint8Array | null> | null = null;
  #used = false;
  readonly #ended = Promise.withResolvers<void>();
  /** Resolves when the stream has ended. */
  readonly over: Promise<void> = this.#ended.promise;
  #alive = true;

  constructor(init: PeerStreamInit) {
    this.#init = init;
    this.peer = init.channel.peer;
    this.dialect = init.dialect;
    this.channel = init.channel;
  }

  get idle(): boolean {
    return this.#alive && this.#slot === null;
  }

  /** Begins a session of ours; the first session of a stream needs no mark. */
  call(): SessionSlot {
    return this.#begin(this.#used ? 'called' : 'first');
  }

  serve(): SessionSlot {
    return this.#begin('served');
  }

  abort(error: ProtocolError): void {
    this.channel.abort(error);
    this.#end();
  }

  /** Closes a stream that carries no session. */
  async close(): Promise<void> {
    this.#end();
    await this.channel.close().catch(() => {});
  }

  /** For slots alone, as the methods below. */
  holds(slot: SessionSlot): boolean {
    return this.#slot === slot;
  }

  /** The next frame for `slot`; rejects when another session has begun meanwhile. */
  async receive(slot: SessionSlot): Promise<Uint8Array | null> {
    const reading = this.#read();
    const frame = await reading;
    if (this.#slot !== slot || this.#reading !== reading) throw SLOT_ENDED;
    this.#reading = null;
    return frame;
  }

  /** Both sides began at once: the session of the node with the smaller id counts. */
  async tie(slot: SessionSlot): Promise<Uint8Array | null> {
    if (this.#init.self < this.peer) {
      await this.receive(slot);
      return this.receive(slot);
    }
    this.#serveInbound();
    throw SLOT_ENDED;
  }

  /** A good end: the stream is free for the next session. */
  end(slot: SessionSlot): void {
    if (this.#slot !== slot) return;
    this.#slot = null;
    void this.#listen();
  }

  #begin(state: 'first' | 'called' | 'served'): SessionSlot {
    const slot = new SessionSlot(this, state);
    this.#used = true;
    this.#slot = slot;
    return slot;
  }

  #read(): Promise<Uint8Array | null> {
    if (this.#reading !== null) return this.#reading;
    const reading = this.channel.receive();
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

/** The channel of one session on a stream. */
export class SessionSlot implements SessionChannel {
  readonly peer: string;
  readonly #stream: PeerStream;
  /** A session of ours on a used stream begins with a mark. The peer may begin at the same time. */
  #state: 'first' | 'called' | 'begun' | 'served';
  sentBytes = 0;
  receivedBytes = 0;

  constructor(stream: PeerStream, state: 'first' | 'called' | 'served') {
    this.peer = stream.peer;
    this.#stream = stream;
    this.#state = state;
  }

  /** The stream was there before the session. */
  get reused(): boolean {
    return this.#state === 'called' || this.#state === 'begun';
  }

  async send(frame: Uint8Array): Promise<void> {
    this.#check();
    if (this.#state === 'called') {
      this.#state = 'begun';
      this.sentBytes += 1;
      await this.#stream.channel.send(MARK);
      this.#check();
    }
    this.sentBytes += countBytes(frame.length) + frame.length;
    await this.#stream.channel.send(frame);
  }

  async receive(): Promise<Uint8Array | null> {
    let frame = await this.#stream.receive(this);
    const first = this.receivedBytes === 0;
    if (first && this.#state === 'begun' && frame?.length === 0)
      frame = await this.#stream.tie(this);
    if (frame !== null) this.receivedBytes += countBytes(frame.length) + frame.length;
    return frame;
  }

  async close(): Promise<void> {
    this.#check();
    await this.#stream.channel.close();
  }

  /** Ends the stream, unless it carries another session by now. */
  abort(error: ProtocolError): void {
    if (this.#stream.holds(this)) this.#stream.abort(error);
  }

  end(): void {
    this.#stream.end(this);
  }

  #check(): void {
    if (!this.#stream.holds(this)) throw SLOT_ENDED;
  }
}

const SLOT_ENDED = new ProtocolError('ABORTED', 'the stream carries another session now');
const UNASKED = new ProtocolError(
  'UNEXPECTED_FRAME',
  'the peer sent a frame, and had not begun a session: begin with an empty frame',
);
