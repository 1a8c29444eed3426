import type { Bytes } from '../../../store/index.ts';
import { malformed, ProtocolError } from '../../errors.ts';
import type { Role } from '../dialect.ts';
import { checkGreeting, type FrameLink } from './frame-link.ts';
import type { MessagePortLike, PortEvent, SocketLike } from './ports.ts';

/** Frames that the receiver has not taken yet. Its memory is bounded by as many of the longest. */
const WINDOW_FRAMES = 4;

/** The messages beside frames and the role. */
const TAKEN = 'taken';
const END = 'end';

/** Whole messages, in order, without back-pressure. */
interface Messages {
  /** Resolves once messages may be posted, or never will be. */
  readonly opened: Promise<void>;
  post(message: string | Bytes): void;
  close(error?: ProtocolError): void;
  /** `closed` gets an error where the messages were never open. */
  listen(message: (data: unknown) => void, closed: (error?: ProtocolError) => void): void;
}

interface Waiter<Value> {
  resolve(value: Value): void;
  reject(error: ProtocolError): void;
}

export interface MessageLinkInit {
  readonly role: Role;
  readonly maxFrameBytes: number;
}

/** Frames as messages. The receiver tells the sender of each frame that it takes. */
export class MessageLink implements FrameLink {
  readonly #messages: Messages;
  readonly #init: MessageLinkInit;
  readonly #frames: Uint8Array[] = [];
  #greeted = false;
  #ended = false;
  #error: ProtocolError | null = null;
  /** Our frames that the peer has not taken. */
  #untaken = 0;
  #receiver: Waiter<Uint8Array | null> | null = null;
  #sender: Waiter<void> | null = null;

  constructor(messages: Messages, init: MessageLinkInit) {
    this.#messages = messages;
    this.#init = init;
    messages.listen(
      (data) => this.#hear(data),
      (error) => (error === undefined ? this.#close() : this.abort(error)),
    );
    messages.opened.then(() => messages.post(init.role)).catch(() => {});
  }

  async send(frame: Uint8Array): Promise<void> {
    await this.#messages.opened;
    if (this.#error !== null) throw this.#error;
    this.#messages.post(new Uint8Array(frame));
    if (++this.#untaken < WINDOW_FRAMES || this.#ended) return;
    await new Promise<void>((resolve, reject) => {
      this.#sender = { resolve, reject };
    });
  }

  async receive(): Promise<Uint8Array | null> {
    const frame = this.#frames.shift();
    if (frame !== undefined) {
      if (!this.#ended && this.#error === null) this.#messages.post(TAKEN);
      return frame;
    }
    if (this.#error !== null) throw this.#error;
    if (this.#ended) return null;
    return new Promise((resolve, reject) => {
      this.#receiver = { resolve, reject };
    });
  }

  async end(): Promise<void> {
    await this.#messages.opened;
    if (this.#error !== null) throw this.#error;
    this.#messages.post(END);
  }

  close(): void {
    this.#messages.close();
  }

  abort(error: ProtocolError): void {
    if (this.#error !== null) return;
    this.#error = error;
    this.#frames.length = 0;
    this.#messages.close(error);
    this.#receiver?.reject(error);
    this.#sender?.reject(error);
  }

  #hear(data: unknown): void {
    if (this.#error !== null || this.#ended) return;
    try {
      this.#take(data);
    } catch (error) {
      this.abort(error as ProtocolError);
    }
  }

  #take(data: unknown): void {
    if (!this.#greeted) {
      checkGreeting(this.#init.role, data);
      this.#greeted = true;
    } else if (data === END) this.#close();
    else if (data === TAKEN) this.#taken();
    else this.#frame(bytesOf(data));
  }

  #frame(frame: Uint8Array): void {
    const { maxFrameBytes } = this.#init;
    if (frame.length > maxFrameBytes) {
      const message = `the peer sends a frame of ${frame.length} bytes; ${maxFrameBytes} are accepted`;
      throw new ProtocolError('FRAME_TOO_LARGE', message);
    }
    if (this.#receiver !== null) {
      this.#messages.post(TAKEN);
      this.#receiver.resolve(frame);
      this.#receiver = null;
      return;
    }
    if (this.#frames.length === WINDOW_FRAMES) {
      throw malformed(`more than ${WINDOW_FRAMES} frames came before one was taken`);
    }
    this.#frames.push(frame);
  }

  #taken(): void {
    if (this.#untaken === 0) throw malformed('the peer has taken a frame that was not sent');
    this.#untaken--;
    this.#sender?.resolve();
    this.#sender = null;
  }

  /** The peer has closed: nothing more comes, and nothing is taken. */
  #close(): void {
    this.#ended = true;
    this.#receiver?.resolve(null);
    this.#sender?.resolve();
  }
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw malformed('a message is no bytes');
}

/** The messages of a port. */
export function portMessages(port: MessagePortLike): Messages {
  return {
    opened: Promise.resolve(),
    post: (message) =>
      port.postMessage(message, typeof message === 'string' ? [] : [message.buffer]),
    close(error) {
      // Not every browser tells the other side that a port was closed.
      if (error !== undefined) port.postMessage(END, []);
      port.close();
    },
    listen(message, closed) {
      port.addEventListener('message', ({ data }: PortEvent) => message(data));
      port.addEventListener('close', () => closed());
      port.start();
    },
  };
}

/** Close codes from 4000 on are for programs. */
const FAILED = 4000;
const NORMAL = 1000;

/** The messages of a WebSocket. */
export function socketMessages(socket: SocketLike): Messages {
  socket.binaryType = 'arraybuffer';
  const opened = new Promise<void>((resolve) => {
    if (socket.readyState !== 0) resolve();
    for (const type of ['open', 'close']) socket.addEventListener(type, () => resolve());
  });
  return {
    opened,
    post(message) {
      if (socket.readyState === 1) socket.send(message);
    },
    close: (error) => socket.close(error === undefined ? NORMAL : FAILED, error?.code),
    listen(message, closed) {
      let hasOpened = socket.readyState === 1;
      const close = () => closed(hasOpened ? undefined : neverOpen());
      socket.addEventListener('open', () => {
        hasOpened = true;
      });
      socket.addEventListener('message', ({ data }: PortEvent) => message(data));
      socket.addEventListener('close', close);
      socket.addEventListener('error', close);
      if (socket.readyState > 1) close();
    },
  };
}

function neverOpen(): ProtocolError {
  const message = 'the WebSocket did not open: check its address, and that a server listens there';
  return new ProtocolError('STREAM_CLOSED', message);
}
