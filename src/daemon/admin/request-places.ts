import type { FastifyReply } from 'fastify';
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
