import { Alarm, type Clock } from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';
import type { DaemonError } from '../../errors.ts';
import type { DialerOptions } from '../options.ts';

/** Who asked for an address: the configuration, or an operator at run time. */
export type AddressSource = 'config' | 'runtime';

/** The state of a wanted address. Times are milliseconds since the Unix epoch. */
export interface AddressState {
  readonly address: string;
  readonly source: AddressSource;
  /** From the address, or learnt by the last dial that succeeded. */
  readonly peerId: string | null;
  /** Whether that peer is connected, at this address or otherwise. */
  readonly connected: boolean;
  /** Why the last dial failed; null once connected. */
  readonly lastError: {
    readonly code: string;
    readonly message: string;
    readonly at: number;
  } | null;
  /** When it is dialled next; null while connected or being dialled. */
  readonly nextAttemptAt: number | null;
}

export interface DialTargetInit extends Pick<AddressState, 'address' | 'peerId' | 'source'> {
  readonly clock: Clock;
  readonly options: DialerOptions;
}

/** One address the dialer keeps connected, with its timer and the dial under way. */
export class DialTarget {
  readonly address: string;
  readonly #clock: Clock;
  readonly #options: DialerOptions;
  readonly backOff: BackOff;
  readonly #redial: Alarm;
  source: AddressSource;
  peerId: string | null;
  /** The dial under way. */
  attempt: Promise<void> | null = null;
  error: DaemonError | null = null;
  #failedAt = 0;
  #connectedAt: number | null = null;
  #nextAttemptAt: number | null = null;
  #controller = new AbortController();

  constructor({ address, peerId, source, clock, options }: DialTargetInit) {
    this.address = address;
    this.peerId = peerId;
    this.source = source;
    this.#clock = clock;
    this.#options = options;
    this.backOff = new BackOff(options);
    this.#redial = new Alarm(clock);
  }

  /** The last dial ended at this node. */
  get leadsToSelf(): boolean {
    return this.error?.code === 'OWN_ADDRESS';
  }

  state(connected: boolean): AddressState {
    const { address, source, peerId, error } = this;
    const lastError = error && { code: error.code, message: error.message, at: this.#failedAt };
    return { address, source, peerId, connected, lastError, nextAttemptAt: this.#nextAttemptAt };
  }

  wait(delayMs: number, dial: () => void): void {
    this.#nextAttemptAt = this.#clock.now() + delayMs;
    this.#redial.set(delayMs, dial);
  }

  rest(): void {
    this.#redial.cancel();
    this.#nextAttemptAt = null;
  }

  begin(): AbortSignal {
    this.#controller = new AbortController();
    return this.#controller.signal;
  }

  abort(reason: DaemonError): void {
    this.#controller.abort(reason);
  }

  stop(reason: DaemonError): void {
    this.rest();
    this.error = reason;
    this.abort(reason);
  }

  fail(error: DaemonError): void {
    this.error = error;
    this.#failedAt = this.#clock.now();
  }

  connected(): void {
    this.rest();
    this.error = null;
    this.#connectedAt ??= this.#clock.monotonic();
  }

  /** A connection that lasted or `brought` something lets the pauses start small again. */
  disconnected(brought: boolean): void {
    const lastedMs = this.#clock.monotonic() - (this.#connectedAt ?? Number.POSITIVE_INFINITY);
    if (brought || lastedMs >= this.#options.stableMs) this.backOff.reset();
    this.#connectedAt = null;
  }
}
