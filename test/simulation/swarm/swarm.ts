import type { ReplicatorObserver } from '../../../src/daemon/replicator/index.ts';
import type { SessionReport } from '../../../src/protocol/index.ts';
import {
  bytesToHex,
  bytesToKey,
  type ItemKey,
  itemId,
  type Replica,
  StoreError,
} from '../../../src/store/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { type LinkInit, MemoryNetwork } from '../../support/memory-network.ts';
import { QuickRandom } from '../../support/quick-random.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { Claims } from './claims.ts';
import type { Plan, PlannedItem, PlannedLink } from './plan.ts';
import { Report } from './report.ts';
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

interface GenuineItem {
  readonly hint: bigint;
  readonly payload: Uint8Array;
  readonly id: Uint8Array;
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
  readonly #claims: Claims;
  readonly #items = new Map<number, GenuineItem>();
  /** Every item that was made, by key of its id. */
  readonly #genuine = new Map<string, GenuineItem>();
  /** Puts that were answered with success, by key of the id: the nodes that did. */
  readonly acknowledged: Map<string, Set<SwarmNode>> = new Map();
  #waiting = 0;

  constructor(plan: Plan, { keep = false }: { keep?: boolean } = {}) {
    this.plan = plan;
    this.random = new QuickRandom(`run ${plan.seed}`);
    const { clock, random } = this;
    this.report = new Report({ now: () => clock.monotonic(), keep });
    this.network = new MemoryNetwork({ clock, random, trace: (line) => this.report.note(line) });
    this.nodes = plan.nodes.map((_, number) => this.#newNode(number));
    this.links = plan.links.map((planned) => ({ planned, init: linkOf(planned), down: new Set() }));
    this.#claims = new Claims({ plan, clock, nodes: this.nodes });
  }

  get running(): boolean {
    return this.nodes.every(({ node }) => node !== null);
  }

  /** Puts without an answer. */
  get waiting(): number {
    return this.#waiting;
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
        // A disk that takes nothing lets no node start.
        if (!/IO error|no space left/.test(String(error))) {
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
    const items = planned.map((item) => this.#make(item, at));
    const run = node.node;
    if (run === null) return;
    const isAlive = node.aliveNow;
    this.#waiting++;
    let answered = false;
    const answer = (seen: string): void => {
      answered = true;
      this.#waiting--;
      if (isAlive()) this.note(node.id, `put ${items.length}: ${seen}`);
    };
    run.putAll(items).then(
      () => {
        answer('stored');
        if (!isAlive()) return;
        for (const { id } of items) this.#acknowledge(node, id);
      },
      (error: unknown) => answer(String((error as { code?: string }).code ?? error)),
    );
    this.clock.after(ANSWER_MS, () => {
      if (!answered) this.#waiting--;
      if (!answered && isAlive()) this.violated('answer', node.id, 'a put was never answered');
    });
  }

  /** Compares a set with all that the node said before, item by item. */
  compare(node: SwarmNode): void {
    const run = node.node;
    const keys = run && keysOf(run.replica);
    if (run === null || !keys) return;
    const { history } = node;
    const { floor } = run.replica.retention;
    const now = this.clock.monotonic();
    const here = new Set<string>();
    for (const key of keys) {
      const name = bytesToKey(key.id);
      here.add(name);
      if (!history.held.has(name)) this.#came(node, key);
    }
    for (const [key, { hint }] of history.held) {
      if (here.has(key)) continue;
      history.went(key, this.#genuine.get(key)!.id, now);
      if (hint < floor) history.pruned.add(key);
      else if (!history.excused.has(key)) {
        this.violated('lost', node.id, `item ${this.#name(key)} is gone`);
      }
    }
    history.changed(now, run.replica.version);
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
      this.#claims.look(node, (property, seen) => this.violated(property, node.id, seen));
      const { floor } = replica.retention;
      if (floor < history.floor) this.violated('floor', node.id, 'the floor has sunk');
      history.floor = floor;
      if (replicator.wanted.claimed > replicator.wanted.size) {
        this.violated('claims', node.id, 'more ids are claimed than wanted');
      }
    }
  }

  #started(node: SwarmNode, run: SimulatedNode): void {
    this.note(node.id, `runs with ${run.replica.size} items`);
    const isAlive = node.aliveNow;
    const { history } = node;
    run.replica.onCommit((added) => {
      if (!isAlive()) return;
      for (const key of added) this.#came(node, key);
      history.changed(this.clock.monotonic(), run.replica.version);
      this.note(node.id, `holds ${run.replica.size}`);
    });
    run.replica.onDamaged(({ id }) => {
      if (!isAlive()) return;
      const key = bytesToKey(id);
      if (!history.excused.has(key)) {
        this.violated('damage', node.id, `item ${this.#name(key)} is called damaged`);
      }
      history.went(key, id, this.clock.monotonic());
      history.changed(this.clock.monotonic(), run.replica.version);
      this.note(node.id, 'found a damaged item');
    });
    history.began();
    const follow = (): void => node.feed.follow(run.replica, isAlive);
    run.replica.onArrival(follow);
    this.compare(node);
    follow();
    this.relink();
  }

  #came(node: SwarmNode, key: ItemKey): void {
    const name = bytesToKey(key.id);
    const genuine = this.#genuine.get(name);
    if (genuine === undefined || genuine.hint !== key.hint) {
      this.violated('verified', node.id, `item ${bytesToHex(key.id).slice(0, 8)} was never made`);
    }
    const wrong = node.history.came(key, this.clock.monotonic());
    if (wrong !== null) this.violated(wrong, node.id, `item ${this.#name(name)} came again`);
  }

  #acknowledge(node: SwarmNode, id: Uint8Array): void {
    const key = bytesToKey(id);
    const nodes = this.acknowledged.get(key) ?? new Set();
    nodes.add(node);
    this.acknowledged.set(key, nodes);
    const { history } = node;
    if (history.held.has(key) || history.pruned.has(key) || history.excused.has(key)) return;
    this.violated('lost', node.id, `item ${this.#name(key)} was acknowledged and is not there`);
  }

  #make({ number, agedMs, bytes }: PlannedItem, at: number): GenuineItem {
    const known = this.#items.get(number);
    if (known !== undefined) return known;
    const hint = BigInt(START + at - agedMs);
    const payload = new QuickRandom(`item ${this.plan.seed} ${number}`).bytes(bytes);
    const item = { hint, payload, id: itemId(hint, payload) };
    this.#items.set(number, item);
    this.#genuine.set(bytesToKey(item.id), item);
    return item;
  }

  #name(key: string): string {
    for (const [number, { id }] of this.#items) if (bytesToKey(id) === key) return `${number}`;
    return 'without a name';
  }

  #newNode(number: number): SwarmNode {
    const { plan, clock, random, network } = this;
    return new SwarmNode({
      ...{ number, plan, clock, random, network },
      isHonest: (peer) => this.nodes.find(({ id }) => id === peer)?.planned.lies !== true,
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

/** All keys of a set; null while the index is damaged or the database is opened again. */
function keysOf(replica: Replica): ItemKey[] | null {
  try {
    const snapshot = replica.snapshot();
    try {
      return [...snapshot.keys(0, snapshot.size)];
    } finally {
      snapshot.release();
    }
  } catch (error) {
    if (error instanceof StoreError) return null;
    throw error;
  }
}

function linkOf({ latencyMs, jitterMs, bytesPerMs, reorders }: PlannedLink): LinkInit {
  return { latencyMs, jitterMs, bytesPerMs, reorders };
}
