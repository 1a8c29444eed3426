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
  /** Whether it was confirmed when a peer left the list; `Wants.want` also asks the others. */
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
    const { since, confirmed } = this;
    const peers = [...this.peers, peer];
    return getOrMake(this.#longer, peer, () => new SourceList({ peers, since, confirmed }));
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

  /** Whether an id may have been wanted since before `at`, or a confirmed id since before `confirmedAt`. */
  reachBefore(at: number, confirmedAt: number): boolean {
    return [...this.#roots.values()].some((root) => isBefore(root, at, confirmedAt));
  }
}

export function isBefore(
  { since, confirmed }: Pick<SourceList, 'since' | 'confirmed'>,
  at: number,
  confirmedAt: number,
): boolean {
  return since < (confirmed ? confirmedAt : at);
}
