import type { Bytes } from '../../../store/index.ts';

/** What a session may run over. Both sides run `drive`. */
export type DrivePort = MessagePortLike | SocketLike | StreamPair;

/** An event of a port or socket, as far as `drive` reads it. */
export interface PortEvent {
  readonly type: string;
  readonly data?: unknown;
}

/** A `MessagePort` of browsers or of `node:worker_threads`. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(type: string, listener: (event: PortEvent) => void): void;
  start(): void;
  close(): void;
}

/** A `WebSocket` of browsers, of Node or of `ws`, that is open or about to be. */
export interface SocketLike {
  binaryType: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  send(data: string | Bytes): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: string, listener: (event: PortEvent) => void): void;
}

/**
 * Web streams of bytes in both directions, as `Duplex.toWeb(socket)`, a WebTransport stream or two
 * `TransformStream`s make them. Chunks need not be frames.
 */
export interface StreamPair {
  readonly readable: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
      cancel(reason?: unknown): Promise<void>;
    };
  };
  readonly writable: {
    getWriter(): {
      write(chunk: Bytes): Promise<void>;
      close(): Promise<void>;
      abort(reason?: unknown): Promise<void>;
    };
  };
}
