import { TokenBuckets } from '../../protocol/index.ts';
import type { Cancel, Clock } from '../../store/index.ts';

/** Lines of a kind: those of a large mesh that starts, and then 30 a minute. */
const OF_A_KIND = { perSecond: 0.5, burstSeconds: 200 };
/** Lines of a kind about one peer, so that a single peer does not use up what its kind may write. */
const OF_A_PEER = { perSecond: 0.1, burstSeconds: 100 };
/** More than the code has; further kinds share a bucket. */
const MAX_KINDS = 256;
const OTHER_KINDS = 'other';
const WINDOW_MS = 10_000;

export interface LineLimiterInit {
  readonly clock: Clock;
  /** Takes the number of lines that were left out, ten seconds after the first of them at the latest. */
  readonly report: (kind: string, leftOut: number) => void;
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

  constructor(init: LineLimiterInit) {
    this.#init = init;
    this.#ofKinds = new TokenBuckets({ ...OF_A_KIND, clock: init.clock });
    this.#ofPeers = new TokenBuckets({ ...OF_A_PEER, clock: init.clock });
  }

  /** Whether a line of this kind is written. A line that is not about a peer has `peer` null. */
  admits(kindOfLine: string, peer: string | null): boolean {
    const kind = this.#bounded(kindOfLine);
    const room = peer === null || this.#ofPeers.take(`${kind} ${peer}`);
    if (room && this.#ofKinds.take(kind)) return true;
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
