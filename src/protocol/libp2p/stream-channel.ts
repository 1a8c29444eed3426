import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface';
import { Gate } from '../../store/index.ts';
import { type ByteBudget, Holding } from '../budgets/index.ts';
import { ProtocolError } from '../errors.ts';
import type { Release } from '../limiter.ts';
import type { Channel, ChannelInit } from '../network/index.ts';
import {
  encodeFrames,
  FREE_FRAME_BYTES,
  FrameBuffer,
  PAUSED_STREAM_BYTES,
  RECEIVE_WINDOW_BYTES,
  toProtocolError,
} from '../network/index.ts';

export interface StreamChannelInit extends ChannelInit {
  /** Memory for long frames, from their beginning until their reader asks for the next, on all channels. */
  begun: Pick<ByteBudget, 'tryTake'>;
  /**
   * Memory for what lies unread, on all channels that peers opened.
   * @default not bounded, as befits a channel that this node opened
   */
  unread?: Pick<ByteBudget, 'tryTake'>;
}

/** A part of the class of Yamux's streams that libp2p's interface lacks. */
interface WindowedStream {
  /** Bytes that the peer may still send to a paused stream. */
  readonly recvWindowCapacity?: number;
}

/**
 * Length-prefixed frames over a libp2p stream, with back-pressure both ways.
 *
 * `lpStream` of `@libp2p/utils` frames alike but never pauses its stream: a peer that sends faster
 * than we read fills 4 MiB and is reset. `Stream.onDrain` waits only the first time (its promise is
 * never renewed), so the `drain` event is used instead.
 */
export class StreamChannel implements Channel {
  readonly peer: string;
  sentBytes = 0;
  receivedBytes = 0;
  readonly #stream: Stream;
  readonly #frames: FrameBuffer;
  readonly #windowBytes: number;
  readonly #begun: StreamChannelInit['begun'];
  readonly #unread: Holding | null;
  readonly #failed = Promise.withResolvers<never>();
  readonly #broken = new AbortController();
  readonly #drained = new Gate();
  #waiting: PromiseWithResolvers<Uint8Array | null> | undefined;
  #error: ProtocolError | undefined;
  #closed = false;
  #peerClosed = false;
  #ended = false;
  #resuming = false;
  /** The memory of the frame that has begun. */
  #release: Release | null = null;
  /** The memory of the frame that the reader has. */
  #read: Release | null = null;

  /** Attaches to the stream at once: call it in the turn that brought the stream. */
  constructor(stream: Stream, peer: string, init: StreamChannelInit) {
    this.peer = peer;
    this.#stream = stream;
    this.#begun = init.begun;
    this.#unread = init.unread === undefined ? null : new Holding(init.unread, peer);
    this.#frames = new FrameBuffer(init.maxFrameBytes);
    this.#windowBytes = init.receiveWindowBytes ?? RECEIVE_WINDOW_BYTES;
    this.#failed.promise.catch(() => {});
    stream.maxReadBufferLength = Math.max(stream.maxReadBufferLength, PAUSED_STREAM_BYTES);
    stream.addEventListener('remoteCloseWrite', () => {
      this.#peerClosed = true;
    });
    stream.addEventListener('end', () => this.#onEnd());
    stream.addEventListener('close', (event) => this.#onClose(event));
    stream.addEventListener('drain', () => this.#drained.recheck());
    stream.addEventListener('message', (event) => this.#onMessage(event));
    this.#catchUp();
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  send(frame: Uint8Array): Promise<void> {
    return this.sendAll([frame]);
  }

  async sendAll(frames: readonly Uint8Array[]): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    const bytes = encodeFrames(frames);
    try {
      this.#stream.send(bytes);
    } catch (cause) {
      throw this.#error ?? toProtocolError(cause, 'cannot send');
    }
    this.sentBytes += bytes.length;
    await this.#drained.until(() => !this.#stream.writableNeedsDrain || this.#error !== undefined);
    if (this.#error !== undefined) throw this.#error;
  }

  async receive(): Promise<Uint8Array | null> {
    if (this.#waiting !== undefined) throw new TypeError('another receive() waits for a frame');
    if (this.#error !== undefined) throw this.#error;
    const waiting = Promise.withResolvers<Uint8Array | null>();
    this.#waiting = waiting;
    this.#leaveFrame();
    this.#deliver();
    this.#regulate();
    return waiting.promise;
  }

  ready(maxBytes: number): readonly Uint8Array[] {
    if (this.#error !== undefined) return [];
    try {
      const frames = this.#frames.takeReady(maxBytes);
      this.#regulate();
      return frames;
    } catch (error) {
      this.abort(toProtocolError(error, 'cannot read a frame'));
      return [];
    }
  }

  async close(): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    this.#closed = true;
    try {
      // libp2p's close() may never settle when the stream is aborted meanwhile.
      await Promise.race([this.#stream.close(), this.#failed.promise]);
    } catch (cause) {
      throw this.#error ?? toProtocolError(cause, 'cannot close the stream');
    }
  }

  abort(error: ProtocolError): void {
    this.#fail(error);
    this.#leaveFrame();
    this.#stream.abort(error);
  }

  /** Takes in the events before the listeners. */
  #catchUp(): void {
    const { status, remoteWriteStatus, readableEnded } = this.#stream;
    if (status === 'aborted' || status === 'reset') {
      this.#fail(new ProtocolError('STREAM_FAILED', 'the peer reset the stream'));
      return;
    }
    this.#peerClosed = remoteWriteStatus === 'closed';
    this.#ended = readableEnded;
  }

  #onMessage(event: StreamMessageEvent): void {
    const chunks = event.data instanceof Uint8Array ? [event.data] : event.data;
    for (const chunk of chunks) {
      this.receivedBytes += chunk.length;
      this.#frames.push(chunk);
    }
    this.#deliver();
    this.#account();
    this.#regulate();
  }

  /** A long frame is taken in only where its length fits the memory for such frames. */
  #account(): void {
    const bytes = this.#frames.begunBytes;
    if (bytes <= FREE_FRAME_BYTES) this.#giveBack();
    else this.#release ??= this.#begun.tryTake(this.peer, bytes);
    if (bytes <= FREE_FRAME_BYTES || this.#release !== null) return;
    this.abort(new ProtocolError('BUSY', 'too many long frames are on their way to this node'));
  }

  #giveBack(): void {
    this.#release?.();
    this.#release = null;
  }

  /** A reset by the peer does not end the work on its frame: the reader does, by `receive` or `abort`. */
  #leaveFrame(): void {
    this.#read?.();
    this.#read = null;
  }

  /** What lies unread, and what a paused stream may still get. A long frame has memory of its own. */
  #accountUnread(): void {
    if (this.#unread === null) return;
    const { readStatus, readBufferLength } = this.#stream;
    const { recvWindowCapacity = 0 } = this.#stream as WindowedStream;
    const held = this.#release === null ? this.#frames.size : 0;
    const coming = readStatus === 'paused' ? readBufferLength + recvWindowCapacity : 0;
    if (this.#unread.hold(held + coming)) return;
    this.abort(new ProtocolError('BUSY', 'too many bytes lie unread at this node'));
  }

  #onEnd(): void {
    this.#ended = true;
    this.#deliver();
  }

  #onClose(event: StreamCloseEvent): void {
    this.#giveBack();
    this.#unread?.hold(0);
    if (event.error !== undefined) {
      const doing = event.local === true ? 'the stream was aborted' : 'the peer reset the stream';
      this.#fail(toProtocolError(event.error, doing));
    } else if (!this.#closed || !this.#peerClosed) {
      this.#fail(new ProtocolError('STREAM_FAILED', 'the connection closed'));
    }
  }

  #deliver(): void {
    if (this.#waiting === undefined || this.#error !== undefined) return;
    try {
      const frame = this.#frames.take() ?? (this.#ended ? this.#endOfFrames() : undefined);
      if (frame === undefined) return;
      this.#read = this.#release;
      this.#release = null;
      this.#waiting.resolve(frame);
      this.#waiting = undefined;
    } catch (error) {
      this.abort(toProtocolError(error, 'cannot read a frame'));
    }
  }

  #endOfFrames(): null {
    if (!this.#peerClosed) throw new ProtocolError('STREAM_FAILED', 'the connection closed');
    if (this.#frames.size > 0) {
      throw new ProtocolError('STREAM_CLOSED', 'the peer closed its side in the middle of a frame');
    }
    return null;
  }

  /** Pauses the stream while too many bytes lie unread, and resumes it for a waiting receiver. */
  #regulate(): void {
    if (this.#resuming || this.#error !== undefined) return;
    const { readStatus } = this.#stream;
    const wanted = this.#waiting !== undefined;
    if (readStatus === 'readable' && !wanted && this.#frames.size > this.#windowBytes) {
      this.#stream.pause();
    } else if (readStatus === 'paused' && (wanted || this.#frames.size <= this.#windowBytes / 2)) {
      this.#resume();
    }
    this.#accountUnread();
  }

  /**
   * `resume()` hands over held chunks before it opens the window, so it would undo a `pause()` from
   * within. `#regulate` makes up for that afterwards.
   */
  #resume(): void {
    this.#resuming = true;
    try {
      this.#stream.resume();
    } catch (cause) {
      if (!this.#peerClosed) this.#fail(toProtocolError(cause, 'cannot read on'));
    } finally {
      this.#resuming = false;
    }
    this.#regulate();
  }

  #fail(error: ProtocolError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#giveBack();
    this.#unread?.hold(0);
    this.#frames.clear();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
    this.#drained.recheck();
    this.#failed.reject(error);
    this.#broken.abort(error);
  }
}
