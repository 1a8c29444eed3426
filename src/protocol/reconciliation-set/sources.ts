import { getOrMake } from '../get-or-make.ts';

/**
 * The peers that listed an id, in their order. A list is shared: a million ids with the same three
 * sources hold one list. Lists form a tree, each the list above it plus a peer. A root is for all ids
 * that were first wanted at about the same time.
 */
export class SourceList {
  readonly peers: readonly string[];
  /** The time of the first listing, in milliseconds since the epoch. */
  readonly since: number;
  /** Whether two peers have ever listed it. */
  readonly confirmed: boolean;
  readonly #longer = new Map<string, SourceList>();

  constructor(init: { peers: readonly string[]; since: number; confirmed: boolean }) {
    this.peers = init.peers;
    this.since = init.since;
    this.confirmed = init.confirmed;
  }

  has(peer: string): boolean {
    return this.peers.includes(peer);
  }

  with(peer: string): SourceList {
    return getOrMake(this.#longer, peer, () => {
      const confirmed = this.confirmed || this.peers.length > 0;
      return new SourceList({ peers: [...this.peers, peer], since: this.since, confirmed });
    });
  }
}

/** Ids that were first wanted within this time share a root. */
const SINCE_STEP_MS = 60_000;

export class SourceRoots {
  readonly #roots = new Map<string, SourceList>();

  root(at: number, confirmed: boolean): SourceList {
    const since = at - (at % SINCE_STEP_MS);
    const make = () => new SourceList({ peers: [], since, confirmed });
    return getOrMake(this.#roots, `${since} ${confirmed}`, make);
  }

  /** Whether an unconfirmed id may have been wanted since before `at`. */
  reachBefore(at: number): boolean {
    return [...this.#roots.values()].some(({ since, confirmed }) => !confirmed && since < at);
  }

  /** The same list for other peers; a confirmed list stays confirmed. */
  replace({ since, confirmed }: SourceList, peers: readonly string[]): SourceList {
    return peers.reduce((list, peer) => list.with(peer), this.root(since, confirmed));
  }
}
