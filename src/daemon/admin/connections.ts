import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { AdminBounds } from './options.ts';

/** Behind the head of a request, or within a body. */
const END_OF_HEAD = '\r\n\r\n';
/** A read that may hold many requests is parsed in such pieces. */
const PIECE_BYTES = 256;

type Bounds = Pick<AdminBounds, 'maxConnections' | 'maxPipelined'>;

export interface ServeInit {
  /**
   * The certificate and key for TLS.
   * @default no TLS
   */
  secure?: SecureContext | undefined;
  /**
   * Only the owner of this daemon reaches the server: `isOwn` says so of its connections.
   * @default false
   */
  own?: boolean;
}

/**
 * The connections of all servers, bounded in number and in requests that wait on each. A request under way may
 * hold its connection. Of the others the one whose last request began longest ago makes room for a new one,
 * also while its answer is unread: probes and refusals keep no other client out.
 */
export class HttpConnections {
  readonly #bounds: Bounds;
  /** Requests whose answer is not out yet, by open connection. */
  readonly #pending = new Map<Socket, number>();
  readonly #holds = new Map<Socket, number>();
  /** Of servers that only the owner of this daemon reaches. */
  readonly #own = new WeakSet<Socket>();
  /** Those that nothing holds, the first to go first. */
  readonly #loose = new Set<Socket>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  serve(options: ServerOptions, answer: RequestListener, init: ServeInit = {}): Server {
    const server = createServer(options, (request, response) => {
      const { socket } = request;
      if (!this.#begins(socket)) return;
      response.once('close', () => this.#ended(socket));
      answer(request, response);
    });
    const [speak] = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    return server.on('connection', (raw: Socket) => {
      const socket = init.secure === undefined ? raw : encrypted(raw, init.secure);
      speak!.call(server, socket);
      parseInPieces(socket, this.#bounds.maxPipelined);
      this.#opened(socket);
      if (init.own === true) this.#own.add(socket);
    });
  }

  /** Whether the connection came to a server that only the owner of this daemon reaches. */
  isOwn(socket: Socket): boolean {
    return this.#own.has(socket);
  }

  /** The connection stays until the returned function is called. */
  hold(socket: Socket): () => void {
    this.#holds.set(socket, (this.#holds.get(socket) ?? 0) + 1);
    this.#loose.delete(socket);
    return () => {
      const left = (this.#holds.get(socket) ?? 0) - 1;
      if (left > 0) this.#holds.set(socket, left);
      else this.#loosen(socket);
    };
  }

  /** Whether a request on the connection is being answered. */
  isAnswering(socket: Socket): boolean {
    return (this.#pending.get(socket) ?? 0) > 0;
  }

  #opened(socket: Socket): void {
    this.#pending.set(socket, 0);
    this.#loose.add(socket);
    socket.once('close', () => this.#forget(socket));
    if (this.#pending.size <= this.#bounds.maxConnections) return;
    const [first] = this.#loose;
    this.#drop(first!);
  }

  #begins(socket: Socket): boolean {
    const pending = this.#pending.get(socket);
    if (pending === undefined) return false;
    if (pending >= this.#bounds.maxPipelined) {
      this.#drop(socket);
      return false;
    }
    this.#pending.set(socket, pending + 1);
    // The latest to ask is the last to go.
    if (this.#loose.delete(socket)) this.#loose.add(socket);
    return true;
  }

  #ended(socket: Socket): void {
    const pending = this.#pending.get(socket);
    if (pending !== undefined) this.#pending.set(socket, pending - 1);
  }

  #loosen(socket: Socket): void {
    this.#holds.delete(socket);
    if (this.#pending.has(socket)) this.#loose.add(socket);
  }

  #drop(socket: Socket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: Socket): void {
    this.#pending.delete(socket);
    this.#holds.delete(socket);
    this.#loose.delete(socket);
  }
}

/** The head of a request, and so the handshake before it, must arrive in `headersMs`. */
function encrypted(raw: Socket, secureContext: SecureContext): TLSSocket {
  return new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
}

/**
 * Node's parser makes a request of each head in a read before any of them can be refused: a thousand of a
 * read of 64 KiB, some 50 ms. In pieces it stops once the connection is destroyed.
 */
function parseInPieces(socket: Socket, maxHeads: number): void {
  const [parse] = socket.listeners('data') as ((bytes: Buffer) => void)[];
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    const step = hasMoreThan(maxHeads, bytes) ? PIECE_BYTES : bytes.length;
    for (let at = 0; at < bytes.length && !socket.destroyed; at += step) {
      parse!(bytes.subarray(at, at + step));
    }
  });
}

function hasMoreThan(heads: number, bytes: Buffer): boolean {
  let at = -1;
  for (let found = 0; found <= heads; found++) {
    at = bytes.indexOf(END_OF_HEAD, at + 1, 'latin1');
    if (at < 0) return false;
  }
  return true;
}
