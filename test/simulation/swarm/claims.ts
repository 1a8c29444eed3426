import type { SessionReport } from '../../../src/protocol/index.ts';
import { bytesToKey, type Clock } from '../../../src/store/index.ts';
import type { Plan } from './plan.ts';
import type { SwarmNode } from './swarm-node.ts';

interface ClaimsInit {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly nodes: readonly SwarmNode[];
}

type Violated = (property: string, seen: string) => void;

/** An item that was removed is served for a minute yet; a session takes five at most. */
const STALE_MS = 400_000;

/** Codes of sessions that honest peers have no part in. */
const DISHONEST: ReadonlySet<string> = new Set([
  'MALFORMED_FRAME',
  'UNEXPECTED_FRAME',
  'INVALID_BYTES',
  'UNPROVED',
  'INTERNAL',
]);

/** Compares the word of a node about its peers with what their sets were. */
export class Claims {
  readonly #init: ClaimsInit;
  /** Sets differ in what their nodes keep: then equal sets are not the same. */
  readonly #keepsAll: boolean;
  readonly #byId: ReadonlyMap<string, SwarmNode>;
  /** By node and peer, when the last covering statement was made. */
  readonly #covered = new Map<string, number>();
  /** By node, peer and moment by its wall clock: since when the peer may have taken its snapshot. */
  readonly #starts = new Map<string, number>();

  constructor(init: ClaimsInit) {
    this.#init = init;
    const { nodes } = init.plan;
    this.#keepsAll = nodes.every(({ maxAge }) => maxAge === 0);
    this.#byId = new Map(init.nodes.map((node) => [node.id, node]));
  }

  ended(node: SwarmNode, report: SessionReport, violated: Violated): void {
    const { peer, equal, error, startedAt, asOf, version } = report;
    const begun = this.#init.clock.monotonic() - report.durationMs;
    const since = begun - (startedAt - asOf);
    this.#starts.set(`${node.id} ${peer} ${asOf}`, since);
    const honest = this.#byId.get(peer)?.planned.lies === false;
    if (error !== null && honest && DISHONEST.has(error.code)) {
      violated('session', `the session with ${peer} ended with ${error.code}: ${error.message}`);
    }
    if (!equal || error !== null || !this.#keepsAll) return;
    const other = this.#byId.get(peer)!;
    const sum = node.history.sumAt(version);
    if (sum !== undefined && !other.history.was(sum, since)) {
      violated('equal', `the set of ${peer} is called equal, and it was not`);
    }
  }

  /** An honest peer lists items that it held lately, and none that this node has removed. */
  listed(node: SwarmNode, peer: string, ids: readonly Uint8Array[], violated: Violated): void {
    const { history } = this.#byId.get(peer)!;
    if (ids.some((id) => node.history.pruned.has(bytesToKey(id)))) {
      violated('returned', `${peer} lists an item that was removed here, and it is wanted again`);
    }
    const now = this.#init.clock.monotonic();
    for (const id of ids) {
      const key = bytesToKey(id);
      const left = history.left.get(key) ?? Number.NEGATIVE_INFINITY;
      if (!history.held.has(key) && !history.excused.has(key) && now - left > STALE_MS) {
        violated('listed', `${peer} lists an item that it does not hold`);
        return;
      }
    }
  }

  look(node: SwarmNode, violated: Violated): void {
    const { replicator, replica } = node.node!;
    if (!replica.indexed) return;
    for (const { peer, connected, lastSession } of replicator.peers.all()) {
      const other = this.#byId.get(peer)!;
      if (connected && this.#keepsAll && replicator.peers.inSync(peer) && lastSession !== null) {
        const since = this.#since(node, other, lastSession.asOf);
        if (!other.history.was(node.history.sum, since)) {
          violated('in sync', `${peer} is called in sync, and it is not`);
        }
      }
      this.#covers(node, other, violated);
    }
  }

  /** All that the peer held at the moment of a covering statement is here. */
  #covers(node: SwarmNode, other: SwarmNode, violated: Violated): void {
    const { coversAsOf } = node.node!.replicator.statements.of(other.id);
    if (coversAsOf === null || !coversAsOf.whole) return;
    const name = `${node.id} ${other.id}`;
    if (this.#covered.get(name) === coversAsOf.at) return;
    this.#covered.set(name, coversAsOf.at);
    const at = this.#since(node, other, coversAsOf.at);
    const { floor } = node.node!.replica.retention;
    const { history } = node;
    // Below it one of the two took nothing.
    const least = coversAsOf.interval.lower.hint;
    for (const [key, item] of other.history.held) {
      if (item.at >= at || item.hint < floor || item.hint < least) continue;
      if (other.history.excused.has(key)) continue;
      if (history.held.has(key) || history.excused.has(key) || history.left.has(key)) continue;
      violated('covers', `the set of ${other.id} is called covered, and an item of it is not here`);
      return;
    }
  }

  /** Since when the peer may have taken its snapshot for a session, as milliseconds since the start. */
  #since(node: SwarmNode, peer: SwarmNode, asOf: number): number {
    return this.#starts.get(`${node.id} ${peer.id} ${asOf}`) ?? 0;
  }
}
