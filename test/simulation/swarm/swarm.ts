import type { ReplicatorObserver } from '../../../src/daemon/replicator/index.ts';
import type { SessionReport } from '../../../src/protocol/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../support/memory-network.ts';
import { QuickRandom } from '../../support/quick-random.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { Claims } from './claims.ts';
import { Holdings } from './holdings.ts';
import { Items } from './items.ts';
import type { Plan, PlannedItem, PlannedLink } from './plan.ts';
import { Report } from './report.ts';
import { StreamWatch } from './stream-watch.ts';
import { SwarmNode } from './swarm-node.ts';

/** Between two attempts to start a node. */
const RETRY_MS = 2_000;
/** Within which a put must be answered and a node must stop, faults and all. */
const ANSWER_MS = 600_000;
const START = 1_700_000_000_000;

interface SwarmLink {
  readonly planned: PlannedLink;
  readonly init: LinkInit;
  /** Why it is down. */
  readonly down: Set<object>;
}

/** The nodes of a plan, their links and their clients, under virtual time. */
export class Swarm {
  readonly plan: Plan;
  readonly clock: VirtualClock = new VirtualClock(START);
  readonly random: QuickRandom;
  readonly network: MemoryNetwork;
  readonly report: Report;
  readonly nodes: readonly SwarmNode[];
  readonly links: readonly SwarmLink[];
  readonly #byId: ReadonlyMap<string, SwarmNode>;
  readonly #claims: Claims;
  readonly items: Items;
  readonly #holdings: Holdings;
  /** Puts without an answer: whether the run of the node goes on that was asked. */
  readonly #waiting = new Set<() => boolean>();

  constructor(plan: Plan, { keep = false }: { keep?: boolean } = {}) {
    this.plan = plan;
    this.random = new QuickRandom(`run ${plan.seed}`);
    const { clock, random } = this;
    this.report = new Report({ now: () => clock.monotonic(), keep });
    this.network = new MemoryNetwork({ clock, random, trace: (line) => this.report.note(line) });
    this.nodes = plan.nodes.map((_, number) => this.#newNode(number));
    this.#byId = new Map(this.nodes.map((node) => [node.id, node]));
    this.links = plan.links.map((planned) => ({ planned, init: linkOf(planned), down: new Set() }));
    this.#claims = new Claims({ plan, clock, nodes: this.nodes });
    this.items = new Items(plan.seed);
    this.#holdings = new Holdings({
      clock,
      items: this.items,
      violated: (property, node, seen) => this.violated(property, node, seen),
    });
  }

  get running(): boolean {
    return this.nodes.every(({ node }) => node !== null);
  }

  /** Keys of the ids of items whose puts were answered with success. */
  get acknowledged(): ReadonlySet<string> {
    return this.#holdings.acknowledged;
  }

  /** Whether a put is yet to be answered. A node that was killed answers none. */
  get waiting(): boolean {
    return [...this.#waiting].some((isAlive) => isAlive());
  }

  violated(property: string, node: string, seen: string): void {
    this.report.violated(property, node, seen);
  }

  note(node: string, what: string): void {
    this.report.note(`${this.clock.monotonic().toFixed(3)} ${node} ${what}`);
  }

  /** Starts a node, again and again while its disk does not let it. */
  start(node: SwarmNode): void {
    node.down = false;
    node.start().then(
      (run) => {
        if (run !== null) this.#started(node, run);
      },
      (error: unknown) => {
        this.note(node.id, `did not start: ${String(error)}`);
        // A disk that takes nothing, or that refuses the first batch, lets no node start.
        if (!/IO error|no space left|could not be synced/.test(String(error))) {
          this.violated('start', node.id, String(error));
        }
        const isAlive = node.aliveNow;
        this.clock.after(RETRY_MS, () => {
          if (isAlive() && !node.down && node.node === null) this.start(node);
        });
      },
    );
  }

  kill(node: SwarmNode, keep: number): void {
    this.note(node.id, 'killed');
    node.down = true;
    node.kill(keep);
  }

  stop(node: SwarmNode, then: () => void): void {
    this.note(node.id, 'stops');
    node.down = true;
    const isAlive = node.aliveNow;
    let stopped = false;
    node.stop().then(
      () => {
        stopped = true;
        if (!isAlive() && node.node === null) then();
      },
      (error: unknown) => this.violated('stop', node.id, String(error)),
    );
    this.clock.after(ANSWER_MS, () => {
      if (!stopped && isAlive()) this.violated('stop', node.id, 'it has not stopped in time');
    });
  }

  /** Raises the links that nothing keeps down. */
  relink(): void {
    for (const { planned, init, down } of this.links) {
      const [a, b] = planned.ends.map((end) => this.nodes[end]!) as [SwarmNode, SwarmNode];
      if (down.size > 0) this.network.disconnect(a.id, b.id);
      else if (a.node !== null && b.node !== null) this.network.connect(a.id, b.id, init);
    }
  }

  /** A client puts items at a node, and waits for the answer. */
  put(node: SwarmNode, planned: readonly PlannedItem[], at: number): void {
    const items = planned.map((item) => this.items.make(item, START + at));
    const run = node.node;
    if (run === null) return;
    const isAlive = node.aliveNow;
    this.#waiting.add(isAlive);
    const answer = (seen: string): void => {
      this.#waiting.delete(isAlive);
      if (isAlive()) this.note(node.id, `put ${items.length}: ${seen}`);
    };
    run.putAll(items).then(
      () => {
        answer('stored');
        if (!isAlive()) return;
        for (const { id } of items) this.#holdings.acknowledge(node, id);
      },
      (error: unknown) => answer(String((error as { code?: string }).code ?? error)),
    );
    this.clock.after(ANSWER_MS, () => {
      if (!this.#waiting.delete(isAlive) || !isAlive()) return;
      this.violated('answer', node.id, 'a put was never answered');
    });
  }

  /** Compares a set with all that the node said before, item by item. */
  compare(node: SwarmNode): void {
    this.#holdings.compare(node);
  }

  /** What must hold at every moment, as far as it is quick to see. */
  look(): void {
    for (const node of this.nodes) {
      const { node: run, history } = node;
      if (run === null) continue;
      const { replica, replicator } = run;
      if (replica.indexed && replica.size < history.held.size && node.planned.maxAge === 0) {
        this.compare(node);
      }
      node.follow();
      this.#claims.look(node, (property, seen) => this.violated(property, node.id, seen));
      const { floor } = replica.retention;
      if (floor < history.floor) this.violated('floor', node.id, 'the floor has sunk');
      history.floor = floor;
      const held = heldByNone(replicator);
      if (held !== null) this.violated('claims', node.id, held);
    }
  }

  #started(node: SwarmNode, run: SimulatedNode): void {
    this.note(node.id, `runs with ${run.replica.size} items`);
    const isAlive = node.aliveNow;
    const { history } = node;
    run.replica.onCommit((added) => {
      if (!isAlive()) return;
      for (const key of added) this.#holdings.came(node, key);
      history.changed(this.clock.monotonic(), run.replica.version);
      this.note(node.id, `holds ${run.replica.size}`);
    });
    run.replica.onDamaged(({ id }) => {
      if (!isAlive()) return;
      this.#holdings.damaged(node, id, run.replica.version);
      this.note(node.id, 'found a damaged item');
    });
    history.began();
    node.streams = new StreamWatch({
      ...{ node, run, peers: this.#byId },
      violated: (property, seen) => this.violated(property, node.id, seen),
    });
    // Every other client looks now and then, and so finds the items of several commits.
    if (node.eager) run.replica.onArrival(() => node.follow());
    this.compare(node);
    node.follow();
    this.relink();
  }

  #newNode(number: number): SwarmNode {
    const { plan, clock, random, network } = this;
    return new SwarmNode({
      ...{ number, plan, clock, random, network },
      isHonest: (peer) => this.#byId.get(peer)?.planned.lies !== true,
      cutOff: () => undefined,
      violated: (property, node, seen) => this.violated(property, node, seen),
      note: (line) => this.report.note(line),
      observer: (node) => this.#observer(node),
    });
  }

  #observer(node: SwarmNode): Partial<ReplicatorObserver> {
    const isAlive = node.aliveNow;
    const broken = (property: string, seen: string): void => this.violated(property, node.id, seen);
    return {
      sessionEnded: (report: SessionReport) => {
        if (!isAlive()) return;
        const { peer, role, dialect, rounds, missing, equal, error } = report;
        const end = error?.code ?? (equal ? 'equal' : 'done');
        this.note(node.id, `session ${role} ${peer} ${dialect} ${rounds} ${missing} ${end}`);
        this.#claims.ended(node, report, broken);
        if (report.asked !== null) node.streams?.asked(report.asked);
      },
      want: (peer, ids) => {
        if (isAlive()) this.#claims.listed(node, peer, ids, broken);
      },
      requestEnded: ({ peer, outcome, items }) => {
        if (isAlive()) this.note(node.id, `request ${peer} ${outcome} ${items}`);
      },
      streamEnded: ({ peer, outcome, items }) => {
        if (isAlive()) this.note(node.id, `stream ${peer} ${outcome} ${items}`);
      },
    };
  }
}

/** A claim that no running request can have; null where there is none. */
function heldByNone({ wanted, peers }: SimulatedNode['replicator']): string | null {
  if (wanted.claimed > wanted.size) return 'more ids are claimed than wanted';
  if (wanted.claimed === 0) return null;
  const connected = new Set(peers.connectedOnes.map(({ peer }) => peer));
  for (const id of wanted.missing()) {
    const peer = wanted.claimedBy(id);
    if (peer !== undefined && !connected.has(peer))
      return `an id is claimed for ${peer}, which is gone`;
  }
  return null;
}

function linkOf({ latencyMs, jitterMs, bytesPerMs, reorders }: PlannedLink): LinkInit {
  return { latencyMs, jitterMs, bytesPerMs, reorders };
}
