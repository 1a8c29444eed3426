import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../../store/index.ts';
import type { BodyDeadlines } from '../bodies.ts';
import type { AdminRequest, DirectCall, HttpConnection } from '../connections/index.ts';
import type { RequestsUnderWay } from '../request-places.ts';
import type { AnswerText, HotAnswer } from './answer-text.ts';

/** A call that failed. */
export interface HotFailure {
  readonly error: unknown;
  /** By the monotonic clock. */
  readonly begunAt: number;
}

export interface HotCallParts {
  clock: Clock;
  underWay: RequestsUnderWay;
  deadlines: BodyDeadlines;
  texts: AnswerText;
  /** Milliseconds without progress after which an answer counts as unread. */
  unreadMs: number;
  /** Milliseconds without a request after which a connection is closed. */
  idleMs: number;
  /** Where the framework finds why a call failed, to answer it. */
  failures: WeakMap<IncomingMessage, HotFailure>;
  /** Hears of each answer; `ms` is how long it took. */
  answered: (request: IncomingMessage, route: string, status: number, ms: number) => void;
  /** Called when a call is over. */
  ended: () => void;
}

export interface HotCallInit {
  readonly request: AdminRequest;
  readonly keepAlive: boolean;
  readonly connection: HttpConnection;
  readonly route: string;
}

/** A call from its head to its answer. It holds a place among all requests under way. */
export abstract class HotCall implements DirectCall {
  readonly request: AdminRequest;
  readonly keepAlive: boolean;
  ready = false;
  protected readonly parts: HotCallParts;
  /** Answered, left to the framework, or cut. */
  protected over = false;
  readonly #connection: HttpConnection;
  readonly #route: string;
  readonly #begunAt: number;
  #answer: HotAnswer | null = null;

  constructor(parts: HotCallParts, { request, keepAlive, connection, route }: HotCallInit) {
    this.parts = parts;
    this.request = request;
    this.keepAlive = keepAlive;
    this.#connection = connection;
    this.#route = route;
    this.#begunAt = parts.clock.monotonic();
    parts.underWay.begin(connection.socket);
  }

  answer(answer: HotAnswer): void {
    if (this.over) return;
    this.#answer = answer;
    this.ready = true;
    this.#connection.advance();
  }

  /** The framework answers; with a failure it says what failed. */
  pass(error?: unknown): void {
    if (this.over) return;
    this.#end();
    if (error !== undefined) {
      this.parts.failures.set(this.request, { error, begunAt: this.#begunAt });
    }
    this.#connection.pass(this);
  }

  write(socket: Socket): boolean {
    // The client has ended the connection: it closes soon.
    if (!socket.writable) return false;
    this.ready = false;
    const { texts, idleMs, unreadMs } = this.parts;
    texts.write(socket, this.#answer!, this.keepAlive);
    if (socket.writableLength === 0) {
      if (socket.timeout !== idleMs) socket.setTimeout(idleMs);
      this.#written(socket);
      return true;
    }
    socket.setTimeout(unreadMs);
    socket.write('', (error) => {
      // The connection broke, and ends all its calls once it is closed.
      if (this.over || error) return;
      socket.setTimeout(idleMs);
      this.#written(socket);
      this.#connection.written();
    });
    return false;
  }

  cut(): void {
    if (!this.over) this.#end();
  }

  #written(socket: Socket): void {
    const { clock, answered } = this.parts;
    this.#end();
    answered(this.request, this.#route, this.#answer!.status, clock.monotonic() - this.#begunAt);
    if (!this.keepAlive) socket.destroySoon();
  }

  #end(): void {
    this.over = true;
    const { underWay, deadlines, ended } = this.parts;
    underWay.end(this.#connection.socket);
    deadlines.complete(this.request);
    ended();
  }
}
