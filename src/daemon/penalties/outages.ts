import { Alarm, BoundedMap, type Clock } from '../../store/index.ts';
import type { PenaltyCode } from './weights.ts';

/** Failures for which the network between may be to blame; the later one is the heavier one. */
const OF_NETWORK = ['UNREACHABLE', 'STALLED'] as const;
type NetworkFailure = (typeof OF_NETWORK)[number];

export function isOfNetwork(code: PenaltyCode): code is NetworkFailure {
  return OF_NETWORK.some((some) => some === code);
}

export interface OutagesInit {
  readonly clock: Clock;
  /** Peers whose failures are remembered. */
  readonly maxPeers: number;
  /** Connected peers. */
  connected(): readonly string[];
  /** The peer alone has failed. */
  counts(peer: string, code: NetworkFailure): void;
  /** So many peers have failed together. */
  outage(peers: number): void;
}

/** Failures that are at most so far apart have one cause. */
const TOGETHER_MS = 10_000;
/** Least time between two reports of an outage. */
const REPORT_MS = 60_000;

interface Failure {
  code: NetworkFailure;
  readonly at: number;
  settled: boolean;
}

/**
 * Peers that cannot be reached, or stall. A peer counts once until it is good again. If half of all peers fail
 * together, the network of this node failed, and no peer counts.
 */
export class Outages {
  readonly #init: OutagesInit;
  readonly #failures: BoundedMap<string, Failure>;
  readonly #next: Alarm;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(init: OutagesInit) {
    this.#init = init;
    this.#failures = new BoundedMap(init.maxPeers);
    this.#next = new Alarm(init.clock);
  }

  failed(peer: string, code: NetworkFailure): void {
    const known = this.#failures.get(peer);
    if (known !== undefined) {
      if (isHeavier(code, known.code)) known.code = code;
      return;
    }
    this.#failures.set(peer, { code, at: this.#init.clock.monotonic(), settled: false });
    this.#next.ensure(TOGETHER_MS, () => this.#settle());
  }

  /** Failures of this code and lighter ones are over. A failure that is over before it counts was none. */
  good(peer: string, code: NetworkFailure): void {
    const known = this.#failures.get(peer);
    if (known !== undefined && !isHeavier(known.code, code)) this.#failures.delete(peer);
  }

  stop(): void {
    this.#next.cancel();
  }

  #settle(): void {
    const now = this.#init.clock.monotonic();
    const open = [...this.#failures].filter(([, { settled }]) => !settled);
    const due = open.filter(([, { at }]) => now - at >= TOGETHER_MS);
    const alone = due.filter(([, failure]) => !this.#isOutage(failure, now));
    for (const [, failure] of due) failure.settled = true;
    for (const [peer, { code }] of alone) this.#init.counts(peer, code);
    const [first] = open.filter(([, { settled }]) => !settled);
    if (first !== undefined) {
      this.#next.ensure(first[1].at + TOGETHER_MS - now, () => this.#settle());
    }
  }

  #isOutage({ at }: Failure, now: number): boolean {
    const failures = [...this.#failures.values()];
    const together = failures.filter((other) => Math.abs(other.at - at) <= TOGETHER_MS).length;
    const well = this.#init.connected().filter((peer) => !this.#failures.has(peer)).length;
    if (together < 2 || together < well) return false;
    if (now - this.#reportedAt >= REPORT_MS) {
      this.#reportedAt = now;
      this.#init.outage(together);
    }
    return true;
  }
}

function isHeavier(code: NetworkFailure, other: NetworkFailure): boolean {
  return OF_NETWORK.indexOf(code) > OF_NETWORK.indexOf(other);
}
