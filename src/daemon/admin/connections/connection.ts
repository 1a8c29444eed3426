import type { Socket } from 'node:net';
import type { AdminRequest } from './request.ts';

/** A request that is answered without Node's response to it. */
export interface DirectCall {
  readonly request: AdminRequest;
  /** As Node's parser says: whether the connection goes on behind the answer. */
  readonly keepAlive: boolean;
  /** Whether its answer is there, and not written yet. */
  readonly ready: boolean;
  /** Writes the answer, in its turn. Returns whether all of it is out; if not, it calls `written` later. */
  write(socket: Socket): boolean;
  /** The connection is gone. */
  cut(): void;
}

/** Takes requests before Node makes responses to them. */
export interface Front {
  /** The call that answers the request; null: Node shall make a response. */
  take(request: AdminRequest, keepAlive: boolean, connection: HttpConnection): DirectCall | null;
}

/** What Node's parser does with a request: makes a response, and tells the server. */
type Respond = (request: AdminRequest, keepAlive: boolean) => number;

/** A request behind direct calls, of which Node makes a response once their answers are out. */
interface WaitingRequest {
  readonly request: AdminRequest;
  readonly keepAlive: boolean;
  responds: boolean;
}

type Turn = DirectCall | WaitingRequest;

/** Answers of `Respond`: the parser goes on, or ends. */
const GO_ON = 0;
export const STOP = -1;

export interface HttpConnectionInit {
  socket: Socket;
  /** To a server that only the owner of this daemon reaches. */
  own: boolean;
  respond: Respond | undefined;
  front: Front | undefined;
  lastUse: number;
}

/**
 * A connection, and the order of its answers. Node keeps the order of its own responses alone, so it gets no
 * request while a direct call before it is not answered.
 */
export class HttpConnection {
  readonly socket: Socket;
  readonly own: boolean;
  /** Requests whose answer is not out yet. */
  pending = 0;
  /** Requests under way, which keep it open. */
  holds = 0;
  /** Place in the order of opening, of last requests, and of ends of holds. */
  lastUse: number;
  readonly #respond: Respond | undefined;
  readonly #front: Front | undefined;
  /** Direct calls, and all requests behind them. */
  readonly #turns: Turn[] = [];

  constructor({ socket, own, respond, front, lastUse }: HttpConnectionInit) {
    this.socket = socket;
    this.own = own;
    this.lastUse = lastUse;
    this.#respond = respond;
    this.#front = front;
  }

  /** The head of a request is here. Returns how parsing goes on. */
  enter(request: AdminRequest, keepAlive: boolean, use: number): number {
    const isFree = this.#turns.length > 0 || this.pending === 0;
    const call = isFree ? (this.#front?.take(request, keepAlive, this) ?? null) : null;
    if (call === null && this.#turns.length === 0) return this.#respond!(request, keepAlive);
    if (request.method === 'CONNECT') return STOP;
    // As Node does where a server takes no upgrades.
    request.upgrade = false;
    this.lastUse = use;
    this.pending++;
    this.#turns.push(call ?? { request, keepAlive, responds: false });
    return GO_ON;
  }

  /** Writes the answers that are due, in order. */
  advance(): void {
    for (let turn = this.#turns[0]; turn !== undefined; turn = this.#turns[0]) {
      if ('write' in turn) {
        if (!turn.ready || !turn.write(this.socket)) return;
        this.#turns.shift();
        this.pending--;
      } else {
        if (turn.responds) return;
        turn.responds = true;
        // It is counted again as a response.
        this.pending--;
        this.#respond!(turn.request, turn.keepAlive);
      }
    }
  }

  /** The answer of the first call, which `write` did not get out at once, is out. */
  written(): void {
    this.#turns.shift();
    this.pending--;
    this.advance();
  }

  /** Node shall make a response to a call after all, in its turn. */
  pass(call: DirectCall): void {
    const { request, keepAlive } = call;
    request.returnBody();
    this.#turns[this.#turns.indexOf(call)] = { request, keepAlive, responds: false };
    this.advance();
  }

  /** A response of Node is over. */
  responded(): void {
    this.pending--;
    const [turn] = this.#turns;
    if (turn === undefined || 'write' in turn || !turn.responds) return;
    this.#turns.shift();
    this.advance();
  }

  /** It is closed. */
  cut(): void {
    for (const turn of this.#turns.splice(0)) if ('write' in turn) turn.cut();
  }
}
