import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { HttpConnections } from './connections/index.ts';
import type { AdminError } from './errors.ts';

/** How many requests of one kind may be under way. */
export class RequestPlaces {
  readonly #full: AdminError;
  #left: number;

  constructor(places: number, full: AdminError) {
    this.#left = places;
    this.#full = full;
  }

  /** Takes a place until the request is over. Throws the refusal if there is none. */
  take({ raw }: FastifyReply): void {
    if (this.#left === 0) throw this.#full;
    if (raw.closed) return;
    this.#left--;
    raw.once('close', () => {
      this.#left++;
    });
  }
}

/** The requests of all kinds that are under way. Each holds its connection. */
export class RequestsUnderWay {
  readonly #most: number;
  readonly #connections: Pick<HttpConnections, 'hold' | 'release'>;
  #count = 0;

  constructor(most: number, connections: Pick<HttpConnections, 'hold' | 'release'>) {
    this.#most = most;
    this.#connections = connections;
  }

  get full(): boolean {
    return this.#count >= this.#most;
  }

  begin(socket: Socket): void {
    this.#connections.hold(socket);
    this.#count++;
  }

  end(socket: Socket): void {
    this.#connections.release(socket);
    this.#count--;
  }
}
