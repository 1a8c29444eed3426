import { ProtocolError } from '../../errors.ts';
import type { SessionChannel } from '../../network/index.ts';
import { prefixBytes } from '../../network/index.ts';

export interface PeerStreamInit {
  /** The id of this node. */
  self: string;
  channel: SessionChannel;
  /** Called when the peer begins a session, with what carries it. What it throws ends the stream. */
  visited: (turn: SessionSlot) => Promise<void>;
  /** Called once, when nothing can be carried any more. */
  ended: () => void;
}

/** Says that the sender begins the next session of the stream. No dialect has empty frames. */
const MARK = new Uint8Array(0);

/**
 * One lasting stream: sessions follow each other on it, begun by either side (docs/protocol-streams.md).
 * Between two of them it waits for the peer's next word and holds nothing else.
 */
export class PeerStream {
  readonly peer: string;
  readonly #init: PeerStreamInit;
  #turn: SessionSlot | null = null;
  /** The next frame; taken by whoever's turn it is when it has come. */
  #reading: Promise<Uint8Array | null> | null = null;
  #used = false;
  readonly #over = Promise.withResolvers<void>();
  #alive = true;

  constructor(init: PeerStreamInit) {
    this.#init = init;
    this.peer = init.channel.peer;
  }

  /** Another session may be begun here. */
  get idle(): boolean {
    return this.#alive && this.#turn === null;
  }

  /** Resolves when the stream is at its end. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Our next session. On a new stream the opener's goes without saying. */
  call(): SessionSlot {
    const turn = new SessionSlot(this, this.#used ? 'called' : 'first');
    this.#used = true;
    this.#turn = turn;
    return turn;
  }

  /** The session for which the peer opened the stream. */
  serve(): SessionSlot {
    const turn = new SessionSlot(this, 'served');
    this.#used = true;
    this.#turn = turn;
    return turn;
  }

  abort(error: ProtocolError): void {
    this.#init.channel.abort(error);
    this.#end();
  }

  /** Closes a stream that carries nothing. */
  async close(): Promise<void> {
    this.#end();
    await this.#init.channel.close().catch(() => {});
  }

  /** For turns alone: they send and receive through the line, as long as it is theirs. */
  holds(turn: SessionSlot): boolean {
    return this.#turn === turn;
  }

  send(frame: Uint8Array): Promise<void> {
    return this.#init.channel.send(frame);
  }

  mark(): Promise<void> {
    return this.#init.channel.send(MARK);
  }

  closeSide(): Promise<void> {
    return this.#init.channel.close();
  }

  /** The next frame for `turn`; rejects when another turn has begun meanwhile. */
  async receive(turn: SessionSlot): Promise<Uint8Array | null> {
    const reading = this.#read();
    const frame = await reading;
    if (this.#turn !== turn || this.#reading !== reading) throw OUT_OF_TURN;
    this.#reading = null;
    return frame;
  }

  /** Both sides began at once: the session of the node with the smaller id counts. */
  async tie(turn: SessionSlot): Promise<Uint8Array | null> {
    if (this.#init.self < this.peer) {
      await this.receive(turn);
      return this.receive(turn);
    }
    this.#visit();
    throw OUT_OF_TURN;
  }

  /** The session of `turn` has ended well: the stream is free for the next one. */
  end(turn: SessionSlot): void {
    if (this.#turn !== turn) return;
    this.#turn = null;
    void this.#listen();
  }

  #read(): Promise<Uint8Array | null> {
    if (this.#reading !== null) return this.#reading;
    const reading = this.#init.channel.receive();
    reading.catch(() => {});
    this.#reading = reading;
    return reading;
  }

  /** Waits for what the peer does next, for as long as no session of ours takes its word. */
  async #listen(): Promise<void> {
    const reading = this.#read();
    let frame: Uint8Array | null;
    try {
      frame = await reading;
    } catch {
      this.#end();
      return;
    }
    if (this.#turn !== null || this.#reading !== reading) return;
    this.#reading = null;
    if (frame === null) await this.close();
    else if (frame.length > 0) this.abort(UNASKED);
    else this.#visit();
  }

  #visit(): void {
    const turn = this.serve();
    this.#init.visited(turn).catch((error) => this.abort(error));
  }

  #end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#over.resolve();
    this.#init.ended();
  }
}

/** What one session sees of its stream: a channel that begins and ends with it. */
export class SessionSlot implements SessionChannel {
  readonly peer: string;
  readonly #line: PeerStream;
  /** A session that we begin on a stream in use says so, and may find that the peer did too. */
  #state: 'first' | 'called' | 'begun' | 'served';
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(line: PeerStream, state: 'first' | 'called' | 'served') {
    this.peer = line.peer;
    this.#line = line;
    this.#state = state;
  }

  /** The stream was there before the session. */
  get reused(): boolean {
    return this.#state === 'called' || this.#state === 'begun';
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  async send(frame: Uint8Array): Promise<void> {
    this.#check();
    if (this.#state === 'called') {
      this.#state = 'begun';
      this.#sentBytes += 1;
      await this.#line.mark();
      this.#check();
    }
    this.#sentBytes += prefixBytes(frame.length) + frame.length;
    await this.#line.send(frame);
  }

  async sendAll(frames: readonly Uint8Array[]): Promise<void> {
    for (const frame of frames) await this.send(frame);
  }

  async receive(): Promise<Uint8Array | null> {
    let frame = await this.#line.receive(this);
    const first = this.#receivedBytes === 0;
    if (first && this.#state === 'begun' && frame?.length === 0) frame = await this.#line.tie(this);
    if (frame !== null) this.#receivedBytes += prefixBytes(frame.length) + frame.length;
    return frame;
  }

  async close(): Promise<void> {
    this.#check();
    await this.#line.closeSide();
  }

  /** Ends the stream, unless it has gone on to another session. */
  abort(error: ProtocolError): void {
    if (this.#line.holds(this)) this.#line.abort(error);
  }

  /** The session has ended well: the stream stays. */
  end(): void {
    this.#line.end(this);
  }

  #check(): void {
    if (!this.#line.holds(this)) throw OUT_OF_TURN;
  }
}

const OUT_OF_TURN = new ProtocolError('ABORTED', 'the stream carries another session now');
const UNASKED = new ProtocolError(
  'UNEXPECTED_FRAME',
  'the peer sent a frame, and had not begun a session: begin with an empty frame',
);
