import type { Penalties, PenaltyObserver } from '../../../src/daemon/penalties/index.ts';
import type { Clock } from '../../../src/store/index.ts';

interface PenaltyWatchInit {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly isHonest: (peer: string) => boolean;
  /** Connected peers that bans leave. */
  readonly minPeers: number;
  readonly violated: (property: string, seen: string) => void;
}

/** Reports of one peer within this time are one incident, which weighs no more than its heaviest part. */
const TOGETHER_MS = 10_000;
/** The heaviest incident. */
const HEAVIEST = 30;
/** The network may be to blame for these, so an honest peer may earn them. */
const OF_NETWORK: ReadonlySet<string> = new Set(['UNREACHABLE', 'STALLED']);

/** Looks at the penalties of one node: they coalesce, honest peers earn few, and bans leave enough peers. */
export class PenaltyWatch {
  readonly #init: PenaltyWatchInit;
  /** By peer, when its points rose and by how much. */
  #rises = new Map<string, { at: number; points: number }[]>();
  #scores = new Map<string, number>();

  constructor(init: PenaltyWatchInit) {
    this.#init = init;
  }

  /** A run begins, and its penalties with it. */
  begin(of: () => Penalties, connected: () => readonly string[]): PenaltyObserver {
    this.#rises = new Map();
    this.#scores = new Map();
    const banned = new Set<string>();
    return {
      penalised: () => {
        for (const peer of connected()) this.#look(of(), peer);
      },
      incident: ({ code }) => {
        if (code !== 'PEER_BANNED') return;
        const bans = of().bans.map(({ peer }) => peer);
        for (const peer of bans) if (!banned.has(peer)) this.#banned(peer, bans, connected());
        for (const peer of bans) banned.add(peer);
      },
    };
  }

  #look(penalties: Penalties, peer: string): void {
    const { score, last } = penalties.of(peer);
    const before = this.#scores.get(peer) ?? 0;
    this.#scores.set(peer, score);
    // Points fall with time, so a rise is at least what is seen here.
    if (score <= before || last === null) return;
    if (this.#init.isHonest(peer) && !OF_NETWORK.has(last.code)) {
      this.#init.violated('honest', `${peer} is penalised for ${last.code} (${last.protocol})`);
    }
    const now = this.#init.clock.monotonic();
    const rises = (this.#rises.get(peer) ?? []).filter(({ at }) => now - at < TOGETHER_MS);
    rises.push({ at: now, points: score - before });
    this.#rises.set(peer, rises);
    const most = OF_NETWORK.has(last.code) ? 2 : HEAVIEST;
    const points = rises.reduce((sum, rise) => sum + rise.points, 0);
    if (points > most + 0.1) {
      this.#init.violated('penalties', `${peer} earned ${points.toFixed(1)} points in 10 s`);
    }
  }

  #banned(peer: string, bans: readonly string[], connected: readonly string[]): void {
    const left = connected.filter((other) => other !== peer && !bans.includes(other)).length;
    if (left < this.#init.minPeers) {
      this.#init.violated('peer floor', `${peer} is banned, and ${left} other peers are left`);
    }
    if (this.#init.isHonest(peer)) this.#init.violated('honest', `${peer} is banned`);
  }
}
