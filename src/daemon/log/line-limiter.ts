import { TokenBuckets } from '../../protocol/index.ts';
import type { Cancel, Clock } from '../../store/index.ts';

export interface LineRates {
  /** Lines of a kind. */
  readonly ofAKind: LineRate;
  /** Lines of a kind about one peer, so that a single peer does not use up what its kind may write. */
  readonly ofAPeer: LineRate;
}

interface LineRate {
  readonly perSecond: number;
  readonly burstSeconds: number;
}

/** The lines of a large mesh that starts, and then 30 a minute of each kind. */
const USUAL_RATES: LineRates = {
  ofAKind: { perSecond: 0.5, burstSeconds: 200 },
  ofAPeer: { perSecond: 0.1, burstSeconds: 100 },
};

/** For a log that shows the work itself: a hundred times as much. */
export const VERBOSE_RATES: LineRates = {
  ofAKind: { perSecond: 50, burstSeconds: 200 },
  ofAPeer: { perSecond: 10, burstSeconds: 100 },
};

/** More than the code has; further kinds share a bucket. */
const MAX_KINDS = 256;
const OTHER_KINDS = 'other';
const WINDOW_MS = 10_000;

export interface LineLimiterInit {
  readonly clock: Clock;
  /** Takes the number of lines that were left out, ten seconds after the first of them at the latest. */
  readonly report: (kind: string, leftOut: number) => void;
  /** @default 100 lines of a kind at once and 30 a minute, about one peer a tenth and a fifth of that */
  readonly rates?: LineRates;
}

/**
 * Bounds the rate of log lines, whatever their cause. Peers and clients can cause lines without end, and a
 * full disk stops the daemon.
 */
export class LineLimiter {
  readonly #init: LineLimiterInit;
  readonly #ofKinds: TokenBuckets;
  readonly #ofPeers: TokenBuckets;
  readonly #kinds = new Set<string>([OTHER_KINDS]);
  readonly #leftOut = new Map<string, number>();
  #timer: Cancel | undefined;
  #leftOutInAll = 0;

  constructor(init: LineLimiterInit) {
    this.#init = init;
    const { clock, rates: { ofAKind, ofAPeer } = USUAL_RATES } = init;
    this.#ofKinds = new TokenBuckets({ ...ofAKind, clock });
    this.#ofPeers = new TokenBuckets({ ...ofAPeer, clock });
  }

  /** Lines left out since the start. */
  get leftOut(): number {
    return this.#leftOutInAll;
  }

  /** Whether a line of this kind is written. A line that is not about a peer has `peer` null. */
  admits(kindOfLine: string, peer: string | null): boolean {
    const kind = this.#bounded(kindOfLine);
    const about = peer === null ? null : `${kind} ${peer}`;
    const room = about === null || this.#ofPeers.holds(about);
    if (room && this.#ofKinds.take(kind)) {
      // Only lines that are written cost their peer, so that invented peers fill no table.
      if (about !== null) this.#ofPeers.charge(about, 1);
      return true;
    }
    this.#leftOutInAll++;
    this.#leftOut.set(kind, (this.#leftOut.get(kind) ?? 0) + 1);
    this.#timer ??= this.#init.clock.after(WINDOW_MS, () => this.flush());
    return false;
  }

  /** Reports at once. */
  flush(): void {
    this.#timer?.();
    this.#timer = undefined;
    const leftOut = [...this.#leftOut];
    this.#leftOut.clear();
    for (const [kind, lines] of leftOut) this.#init.report(kind, lines);
  }

  #bounded(kind: string): string {
    if (this.#kinds.size < MAX_KINDS) this.#kinds.add(kind);
    return this.#kinds.has(kind) ? kind : OTHER_KINDS;
  }
}
