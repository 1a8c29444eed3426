import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { AdminBounds } from '../options.ts';
import { type Front, HttpConnection, STOP } from './connection.ts';
import { AdminRequest } from './request.ts';

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
  /**
   * Answers requests with an `Expect` that Node does not know; they are bounded like all others.
   * @default Node answers them
   */
  unmet?: RequestListener;
  /**
   * Takes requests before Node makes responses to them.
   * @default Node responds to all requests
   */
  front?: Front;
}

/** A connection as Node keeps it: `onIncoming` makes a request of each head, and says how parsing goes on. */
interface ParsedSocket extends Socket {
  readonly parser?: { onIncoming: (request: AdminRequest, keepAlive: boolean) => number } | null;
}

/**
 * The connections of all servers, bounded in number and in requests that wait on each. A request under way may
 * hold its connection. Of the others the one whose last request began longest ago makes room for a new one,
 * also while its answer is unread: probes and refusals keep no other client out.
 */
export class HttpConnections {
  readonly #bounds: Bounds;
  readonly #open = new Map<Socket, HttpConnection>();
  #uses = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  serve(options: ServerOptions, answer: RequestListener, init: ServeInit = {}): Server {
    const server = createServer(
      { ...options, IncomingMessage: AdminRequest },
      this.#counted(answer),
    );
    if (init.unmet !== undefined) server.on('checkExpectation', this.#counted(init.unmet));
    const [speak] = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    return server.on('connection', (raw: Socket) => {
      const socket = init.secure === undefined ? raw : encrypted(raw, init.secure);
      speak!.call(server, socket);
      this.#opened(socket, init);
    });
  }

  /** Whether the connection came to a server that only the owner of this daemon reaches. */
  isOwn(socket: Socket): boolean {
    return this.#open.get(socket)?.own === true;
  }

  /** The connection stays until `release` was called as often. */
  hold(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection !== undefined) connection.holds++;
  }

  release(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    connection.holds--;
    connection.lastUse = ++this.#uses;
  }

  /** Whether a request on the connection is being answered. */
  isAnswering(socket: Socket): boolean {
    return (this.#open.get(socket)?.pending ?? 0) > 0;
  }

  #counted(answer: RequestListener): RequestListener {
    return (request, response) => {
      const connection = this.#open.get(request.socket);
      if (connection === undefined) return;
      connection.pending++;
      connection.lastUse = ++this.#uses;
      response.on('close', () => connection.responded());
      answer(request, response);
    };
  }

  #opened(socket: ParsedSocket, { own = false, front }: ServeInit): void {
    const { parser } = socket;
    const respond = parser?.onIncoming;
    const lastUse = ++this.#uses;
    const connection = new HttpConnection({ socket, own, respond, front, lastUse });
    this.#open.set(socket, connection);
    if (parser) parser.onIncoming = (...head) => this.#enter(connection, ...head);
    socket.once('close', () => {
      this.#open.delete(socket);
      connection.cut();
    });
    if (this.#open.size > this.#bounds.maxConnections) this.#makeRoom();
  }

  /** Looks at all connections: an order kept at each request would cost more. */
  #makeRoom(): void {
    let first: HttpConnection | undefined;
    for (const connection of this.#open.values()) {
      if (connection.holds > 0) continue;
      if (first === undefined || connection.lastUse < first.lastUse) first = connection;
    }
    if (first !== undefined) this.#drop(first);
  }

  /**
   * Node makes a request of each head in a read before a handler can refuse any of them: a thousand of a read of
   * 64 KiB, some 50 ms.
   */
  #enter(connection: HttpConnection, request: AdminRequest, keepAlive: boolean): number {
    const fits = connection.pending < this.#bounds.maxPipelined;
    const isOpen = fits && this.#open.has(connection.socket);
    const next = isOpen ? connection.enter(request, keepAlive, ++this.#uses) : STOP;
    if (next === STOP) this.#drop(connection);
    return next;
  }

  #drop({ socket }: HttpConnection): void {
    this.#open.delete(socket);
    socket.destroy();
  }
}

/** The head of a request, and so the handshake before it, must arrive in `headersMs`. */
function encrypted(raw: Socket, secureContext: SecureContext): TLSSocket {
  return new TLSSocket(raw, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
}
