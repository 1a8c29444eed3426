import { bytesToKey, equalBytes, keyToBytes, onBrokenInvariant } from '../../../src/store/index.ts';
import { settle } from '../../support/clock.ts';
import { soon } from '../../support/soon.ts';
import { Faults } from './faults.ts';
import type { Action, Fault, Plan } from './plan.ts';
import type { Outcome } from './report.ts';
import { Swarm } from './swarm.ts';
import type { SwarmNode } from './swarm-node.ts';

/** Between two looks at all nodes. */
const LOOK_MS = 500;
/** Looks between two comparisons of all sets. */
const COMPARE_EVERY = 10;
/** Within which all nodes must be equal once the last fault is over. */
export const CONVERGE_MS = 600_000;
/** Time for the last sessions and the readers of feeds. */
const CALM_MS = 5_000;
/** For the last look at one set. */
const VERIFY_MS = 1_000;

/** Carries out a plan. The same plan gives the same trace. */
export async function runPlan(plan: Plan, options: { keep?: boolean } = {}): Promise<Outcome> {
  const swarm = new Swarm(plan, options);
  const { report, clock } = swarm;
  let convergedAfterMs: number | null = null;
  const forget = onBrokenInvariant(({ message }) => swarm.violated('invariant', 'all', message));
  try {
    for (const node of swarm.nodes) startInTime(swarm, node);
    await settle();
    await beActive(swarm);
    convergedAfterMs = await converge(swarm);
    if (report.violations.length === 0) await finish(swarm);
  } catch (error) {
    swarm.violated('threw', 'all', (error as Error).stack ?? String(error));
  } finally {
    forget();
  }
  return {
    seed: plan.seed,
    traceHash: report.hash(),
    converged: convergedAfterMs !== null,
    violations: report.violations,
    nodes: plan.nodes.length,
    actions: plan.actions.length,
    simulatedMs: clock.monotonic(),
    convergedAfterMs,
    trace: report.lines,
  };
}

function startInTime(swarm: Swarm, node: SwarmNode): void {
  const { startsMs } = node.planned;
  if (startsMs === 0) swarm.start(node);
  else swarm.clock.after(startsMs, () => swarm.start(node));
}

async function beActive(swarm: Swarm): Promise<void> {
  const { plan, clock, report } = swarm;
  const faults = new Faults(swarm);
  let next = 0;
  for (let look = 1; clock.monotonic() < plan.activeMs; look++) {
    const until = Math.min(plan.activeMs, look * LOOK_MS);
    for (let action = plan.actions[next]; action !== undefined; action = plan.actions[++next]) {
      if (action.at > until) break;
      await clock.advance(action.at - clock.monotonic());
      if (action.do === 'put') putNow(swarm, action);
      else faults.happen(action as Action & { readonly do: Fault });
    }
    await clock.advance(until - clock.monotonic());
    lookAt(swarm, look);
    if (report.violations.length > 0) return;
  }
  for (const node of swarm.nodes) node.disk.crash = null;
}

function putNow(swarm: Swarm, { where, items, at }: Action): void {
  const { nodes } = swarm;
  swarm.put(nodes[where % nodes.length]!, items, at);
}

function lookAt(swarm: Swarm, look: number): void {
  swarm.look();
  if (look % COMPARE_EVERY === 0) for (const node of swarm.nodes) swarm.compare(node);
}

/** Milliseconds until all nodes hold all that they keep; null if that takes too long. */
async function converge(swarm: Swarm): Promise<number | null> {
  const { clock, report } = swarm;
  const from = clock.monotonic();
  for (let look = 1; report.violations.length === 0; look++) {
    if (isEqual(swarm)) return clock.monotonic() - from;
    if (clock.monotonic() - from > CONVERGE_MS) {
      swarm.violated(
        'converged',
        'all',
        `${CONVERGE_MS / 1_000} s were not enough: ${lacks(swarm)}`,
      );
      return null;
    }
    await clock.advance(LOOK_MS);
    lookAt(swarm, look);
  }
  return null;
}

function isEqual(swarm: Swarm): boolean {
  if (!swarm.running || swarm.waiting) return false;
  if (swarm.nodes.some(({ node }) => node?.replica.indexed !== true)) return false;
  return swarm.nodes.every((node) => lackOf(swarm, node).next().done === true);
}

/** Items that others offer and a node keeps, and does not hold. */
function* lackOf({ nodes, acknowledged }: Swarm, node: SwarmNode): Generator<string> {
  const { floor } = node.node!.replica.retention;
  for (const other of nodes) {
    if (other === node || other.planned.lies) continue;
    const offered = other.node!.replica.retention.floor;
    for (const [key, { hint }] of other.history.held) {
      if (hint < floor || hint < offered || other.history.excused.has(key)) continue;
      if (!node.history.held.has(key)) yield key;
    }
  }
  if (node.planned.maxAge > 0 || node.planned.lies) return;
  for (const key of acknowledged) if (!node.history.held.has(key)) yield key;
}

function lacks(swarm: Swarm): string {
  return swarm.nodes
    .map((node) => {
      const { node: run } = node;
      if (run === null) return `${node.id} is down`;
      const { size, wanted } = { size: run.replica.size, wanted: run.replicator.wanted.size };
      return `${node.id} holds ${size}, wants ${wanted}, lacks ${new Set(lackOf(swarm, node)).size}`;
    })
    .join('; ');
}

/** The last checks of a calm mesh: nothing is damaged on disk, and every node stops. */
async function finish(swarm: Swarm): Promise<void> {
  const { clock, nodes } = swarm;
  await clock.advance(CALM_MS);
  lookAt(swarm, COMPARE_EVERY);
  await clock.advance(1);
  for (const node of nodes) {
    const missing = node.feed.missing();
    if (missing > 0) swarm.violated('feed', node.id, `${missing} held items were never told`);
    await compareBytes(swarm, node);
    await verify(swarm, node);
  }
  const ended = Promise.all(nodes.map((node) => node.stop()));
  let stopped = false;
  ended.then(() => {
    stopped = true;
  });
  await clock.advance(CALM_MS);
  for (let waited = 0; !stopped && waited < 120_000; waited += CALM_MS) {
    await clock.advance(CALM_MS);
  }
  if (!stopped) swarm.violated('stop', 'all', 'the nodes have not stopped in two minutes');
}

/** The proof of an item is code of the nodes too, so their word for it does not count here. */
async function compareBytes(swarm: Swarm, { node, id, history }: SwarmNode): Promise<void> {
  const { clock, items } = swarm;
  const keys = [...history.held.keys()].filter((key) => !history.excused.has(key));
  const read = Promise.all(keys.map((key) => node!.replica.get(keyToBytes(key))));
  for (const item of await soon(clock, `${id} reads its items`, read, VERIFY_MS)) {
    if (item === undefined) continue;
    const genuine = items.get(bytesToKey(item.id));
    if (genuine !== undefined && equalBytes(item.payload, genuine.payload)) continue;
    swarm.violated('verified', id, 'an item has other bytes than a client gave it');
    return;
  }
}

async function verify(swarm: Swarm, { node, id, history, damaged }: SwarmNode): Promise<void> {
  if (damaged || history.excused.size > 0) return;
  const verified = await soon(
    swarm.clock,
    `${id} verifies its set`,
    node!.replica.verify(),
    VERIFY_MS,
  );
  const { problems } = verified;
  if (problems.length > 0) {
    swarm.violated('verify', id, JSON.stringify(problems.slice(0, 3)));
  }
}
