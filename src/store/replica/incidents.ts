import type { Clock } from '../environment.ts';
import { onBrokenInvariant } from '../invariant.ts';
import type { Incident, ReplicaLogger } from './types.ts';

const MAX_INCIDENTS = 50;

/** Failures of the store since it was opened, for the status and the log. */
export class Incidents {
  readonly #clock: Clock;
  readonly #logger: ReplicaLogger | undefined;
  readonly #counts = new Map<Incident['code'], number>();
  readonly #told: (incident: Incident) => void;
  #latest: readonly Incident[] = [];
  #forget: () => void = () => undefined;

  constructor(
    clock: Clock,
    logger: ReplicaLogger | undefined,
    told: (incident: Incident) => void = () => undefined,
  ) {
    this.#told = told;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Incidents of each code since the start. */
  get counts(): ReadonlyMap<Incident['code'], number> {
    return this.#counts;
  }

  get latest(): readonly Incident[] {
    return this.#latest;
  }

  /** From now on a broken invariant of this process is an incident, whatever the set has to do with it. */
  listen(): void {
    this.#forget = onBrokenInvariant((error) => this.add(error.code, error.message, error));
  }

  close(): void {
    this.#forget();
  }

  add(code: Incident['code'], message: string, cause?: unknown): void {
    const incident = { at: this.#clock.now(), code, message };
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    this.#latest = [...this.#latest, incident].slice(-MAX_INCIDENTS);
    const fields = cause === undefined ? { incident: code } : { incident: code, err: cause };
    this.#logger?.error(fields, message);
    this.#told(incident);
  }
}
