import type { Interval } from '../../../src/protocol/index.ts';
import { type Bound, compareBounds, keyToBytes } from '../../../src/store/index.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { SwarmNode } from './swarm-node.ts';

interface StreamWatchInit {
  readonly node: SwarmNode;
  readonly run: SimulatedNode;
  readonly peers: ReadonlyMap<string, SwarmNode>;
  readonly violated: (property: string, seen: string) => void;
}

/** Looks at the streams of one run: what is below the end of one is here, and the next begins at that end. */
export class StreamWatch {
  readonly #init: StreamWatchInit;
  /** Rests of ranges whose streams ended early, in the catch-up that began at `#catchUp`. */
  readonly #rests = new Set<Interval>();
  #catchUp: number | null = null;

  constructor(init: StreamWatchInit) {
    this.#init = init;
    const { fetcher } = init.run.replicator;
    const stream = fetcher.stream.bind(fetcher);
    const isAlive = init.node.aliveNow;
    fetcher.stream = async (range) => {
      const { peer, lower, upper } = range;
      this.asked({ lower, upper });
      const lacked = this.#lackedOf(peer, { lower, upper });
      const began = this.#catchUp;
      const result = await stream(range);
      if (!isAlive()) return result;
      const { end } = result;
      this.#came(peer, lacked, end);
      this.#look();
      const isRest = compareBounds(lower, end) < 0 && compareBounds(end, upper) < 0;
      if (isRest && began === this.#catchUp) this.#rests.add({ lower: end, upper });
      return result;
    };
  }

  /** A stream over a part begins, or a session over it has ended. */
  asked({ lower, upper }: Interval): void {
    this.#look();
    for (const rest of this.#rests) {
      if (compareBounds(upper, rest.lower) <= 0 || compareBounds(rest.upper, lower) <= 0) continue;
      this.#rests.delete(rest);
      if (compareBounds(lower, rest.lower) <= 0) continue;
      this.#init.violated('streamed', 'a slice is gone on with behind the end of its stream');
    }
  }

  #look(): void {
    const began = this.#init.run.replicator.sessions.catchUp?.startedAt ?? null;
    if (began !== this.#catchUp) this.#rests.clear();
    this.#catchUp = began;
  }

  /** Places of the items that the peer holds in the range and this node does not, by id as a key. */
  #lackedOf(peer: string, { lower, upper }: Interval): Map<string, Bound> {
    const { peers, node } = this.#init;
    const lacked = new Map<string, Bound>();
    for (const [key, { hint }] of peers.get(peer)!.history.held) {
      const place = { hint, id: keyToBytes(key) };
      const isWithin = compareBounds(lower, place) <= 0 && compareBounds(place, upper) < 0;
      if (isWithin && !node.history.held.has(key)) lacked.set(key, place);
    }
    return lacked;
  }

  #came(peer: string, lacked: ReadonlyMap<string, Bound>, end: Bound): void {
    const { node, run, peers, violated } = this.#init;
    const other = peers.get(peer)!;
    const floor = other.node?.replica.retention.floor;
    // A liar leaves items out, and of a node that is gone nobody knows what it kept.
    if (other.planned.lies || floor === undefined) return;
    const { replica, replicator } = run;
    for (const [key, { hint, id }] of lacked) {
      if (compareBounds({ hint, id }, end) >= 0) continue;
      if (hint < floor || hint < replica.retention.floor) continue;
      if (!other.history.held.has(key) || other.history.excused.has(key)) continue;
      const { held, left, excused } = node.history;
      if (held.has(key) || left.has(key) || excused.has(key)) continue;
      // A long item is listed.
      if (replicator.wanted.has(id!) || replicator.fetcher.refuses(peer, id!)) continue;
      violated('streamed', `a stream of ${peer} went on beyond an item that is not here`);
      return;
    }
  }
}
