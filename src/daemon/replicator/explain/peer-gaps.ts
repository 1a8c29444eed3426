import { type NamedIds, reconciledBoth, type SessionReport } from '../../../protocol/index.ts';
import { bytesToKey } from '../../../store/index.ts';

/** Times are in milliseconds since the epoch. */
export interface IdGap {
  readonly peer: string;
  /** The first session in a row in which the peer lacked the id. */
  readonly since: number;
  /** The last session with the peer over everything. */
  readonly at: number;
}

/** What the last session over everything found beside the ids that are missing here. */
export interface PeerGap {
  /** Ids that the peer lacked and did not refuse, as far as sessions named them, for longer than a fetch takes. */
  readonly lasting: number;
  /** Since when it lacks the first of them; null where there are none. */
  readonly since: number | null;
  /** Ids of the peer whose items are here, and that the index here does not list. */
  readonly unlisted: number;
}

interface KnownGap {
  at: number;
  unlisted: number;
  /** So many of the lacked ids the peer refuses. */
  refused: number;
  /** By id, since when the peer lacks it. */
  lacked: ReadonlyMap<string, number>;
  /** Ids that the running session has named. */
  readonly naming: Set<string>;
}

/** An item that a peer still lacks after such a time is not merely on its way to the peer. */
const LASTING_MS = 5_000;

const NONE: PeerGap = { lasting: 0, since: null, unlisted: 0 };

/** Where a side shows nothing, what the other side lacks, or does not list, is not known. */
function hides({ outlines }: SessionReport): boolean {
  return outlines?.ours.gives === false || outlines?.theirs.gives === false;
}

/**
 * The ids that connected peers lack. Sessions name few of them, so a peer that lacks many at a time is
 * not told from a peer that catches up; a few that stay missing are.
 */
export class PeerGaps {
  readonly #known = new Map<string, KnownGap>();

  /** The running session with the peer named ids that only this node has. */
  named(peer: string, { have = [] }: Pick<NamedIds, 'have'>): void {
    const { naming } = this.#get(peer);
    for (const id of have) naming.add(bytesToKey(id));
  }

  ended(report: SessionReport): void {
    const { peer, finding, startedAt, missing } = report;
    const known = this.#get(peer);
    const named = [...known.naming];
    known.naming.clear();
    if (report.error !== null || finding?.proved !== true || !finding.whole) return;
    if (!reconciledBoth(report) && finding.mine + finding.theirs > 0) return;
    if (hides(report)) {
      known.lacked = new Map();
      known.unlisted = 0;
      return;
    }
    known.lacked = new Map(named.map((key) => [key, known.lacked.get(key) ?? startedAt]));
    known.unlisted = Math.max(0, finding.theirs - finding.refused - missing);
    known.refused = finding.refusedThere;
    known.at = startedAt;
  }

  of(peer: string): PeerGap {
    const known = this.#known.get(peer);
    if (known === undefined) return NONE;
    const lasting = [...known.lacked.values()].filter((since) => known.at - since >= LASTING_MS);
    const lacked = Math.max(0, lasting.length - known.refused);
    const since = lacked === 0 ? null : Math.min(...lasting);
    return { lasting: lacked, since, unlisted: known.unlisted };
  }

  /** The connected peers that lacked the id in their last session over everything. */
  lacking(id: Uint8Array): IdGap[] {
    const key = bytesToKey(id);
    return [...this.#known].flatMap(([peer, { lacked, at }]) => {
      const since = lacked.get(key);
      return since === undefined ? [] : [{ peer, since, at }];
    });
  }

  disconnected(peer: string): void {
    this.#known.delete(peer);
  }

  #get(peer: string): KnownGap {
    const known = this.#known.get(peer) ?? {
      at: 0,
      unlisted: 0,
      refused: 0,
      lacked: new Map<string, number>(),
      naming: new Set<string>(),
    };
    this.#known.set(peer, known);
    return known;
  }
}
