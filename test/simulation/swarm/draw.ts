import { DEFAULT_PENALTY_OPTIONS } from '../../../src/daemon/penalties/index.ts';
import type { ReplicatorOptions } from '../../../src/daemon/replicator/index.ts';
import { QuickRandom } from '../../support/quick-random.ts';
import { drawCatchUps } from './catch-ups.ts';
import {
  type Action,
  FAULTS,
  type Fault,
  type Overrides,
  type Plan,
  type PlannedLink,
  type PlannedNode,
} from './plan.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
/** Time in which most items of a put are fetched. */
const NEAR_MS = 600;

/** Draws a plan: each seed has weights, options and sizes of its own, so that seeds differ in kind. */
export function drawPlan(seed: string, overrides: Overrides = {}): Plan {
  const random = new QuickRandom(`plan ${seed}`);
  const size = sizeOf(random);
  const nodeCount = overrides.nodes ?? size.nodes;
  const itemCount = overrides.items ?? size.items;
  const activeMs = (overrides.minutes ?? random.between(1, 4)) * MINUTE;
  const retention = random.once(3);
  const nodes = drawNodes(random, nodeCount, retention);
  const links = drawLinks(random, nodes);
  const push = random.once(2);
  const drawn = drawPuts(random, { nodeCount, itemCount, activeMs, retention });
  const puts = putsOfLiars(seed, nodes, drawn);
  const kinds = overrides.faults ?? FAULTS;
  const faults = drawFaults(random, kinds, {
    nodes: nodeCount,
    links: links.length,
    activeMs,
  });
  const catchUps = drawCatchUps(seed, nodes, activeMs);
  const near = nearBusy(seed, faults, { puts, startMs: catchUps.late?.startsMs });
  const breaks = catchUps.breaks(links).filter(({ do: kind }) => kinds.includes(kind));
  const actions = [...puts, ...near, ...breaks].toSorted((a, b) => a.at - b.at);
  const { without } = overrides;
  return {
    seed,
    nodes: nodes.map(catchUps.node),
    links: links.map(catchUps.link),
    actions: without === undefined ? actions : actions.filter((_, i) => !without.has(i)),
    activeMs,
    database: random.once(10) ? 'memory-level' : 'array',
    batchMs: random.of([0, 0, 2, 20, 200]),
    push,
    options: { ...drawOptions(random), ...catchUps.sizes },
    partItems: catchUps.partItems,
    session: { ...drawSession(random), ...catchUps.answers },
    limits: drawLimits(seed),
    index: random.once(3)
      ? {}
      : {
          leafItems: random.between(2, 16),
          fanout: random.between(2, 8),
          bufferItems: random.between(4, 64),
        },
    scrub: random.once(3) ? random.between(1, 50) : 0,
    // One wrong item is enough, or several are.
    penalties: {
      banScore: random.of([25, 60, DEFAULT_PENALTY_OPTIONS.banScore]),
      minPeers: fewestPeers(seed, nodes),
    },
  };
}

function sizeOf(random: QuickRandom): { nodes: number; items: number } {
  const items = random.between(30, 300);
  const nodes = random.between(3, 7);
  if (random.once(1_000)) return { nodes: 200, items: Math.min(items, 60) };
  return random.once(50) ? { nodes: 20, items: Math.min(items, 150) } : { nodes, items };
}

function drawNodes(random: QuickRandom, count: number, retention: boolean): PlannedNode[] {
  const all = ['native', 'native 2', 'native 1', 'commonware'] as const;
  const shared = random.of(['native', 'native', ...all]);
  const others = random.once(2);
  const [streaming, skewed, liars] = [random.of([0, 0.5, 1, 1]), random.once(3), random.once(4)];
  return Array.from({ length: count }, (_, i) => ({
    dialects: all.filter((name) => name === shared || (others && random.once(2))),
    streams: random.fraction() < streaming,
    aheadMs: skewed ? random.between(-5 * SECOND, 5 * SECOND) : 0,
    maxAge: retention ? random.between(60, 300) * SECOND : 0,
    startsMs: 0,
    lies: liars && i === count - 1 && count > 2,
  }));
}

/** A line through all honest nodes, so that they can converge without the others, and chords. */
function drawLinks(random: QuickRandom, nodes: readonly PlannedNode[]): PlannedLink[] {
  const chords = random.of([0, 0.5, 1, 2]) * nodes.length;
  const [slow, reorders] = [random.once(3), random.once(3)];
  const pairs = new Map<string, readonly [number, number]>();
  const join = (a: number, b: number): void => {
    if (a !== b) pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [Math.min(a, b), Math.max(a, b)]);
  };
  for (let i = 1; i < nodes.length; i++) join(i - 1, i);
  for (let i = 0; i < chords; i++) join(random.below(nodes.length), random.below(nodes.length));
  return Array.from(pairs.values(), (ends) => ({
    ends,
    latencyMs: random.between(1, random.of([5, 50, 200])),
    jitterMs: random.of([0, 5, 50]),
    bytesPerMs: slow && random.once(2) ? random.between(2, 50) : random.of([1_000, 100_000]),
    reorders,
  }));
}

interface Puts {
  readonly nodeCount: number;
  readonly itemCount: number;
  readonly activeMs: number;
  readonly retention: boolean;
}

function drawPuts(
  random: QuickRandom,
  { nodeCount, itemCount, activeMs, retention }: Puts,
): Action[] {
  const burst = random.of([1, 4, 30]);
  const early = random.once(2);
  const longest = random.of([20, 200, 2_000, 20_000]);
  const oldest = retention ? 30 * SECOND : random.of([0, 1_000, MINUTE * MINUTE]);
  const writers = random.between(1, nodeCount);
  const actions: Action[] = [];
  for (let number = 0; number < itemCount; ) {
    const items = Array.from({ length: random.between(1, burst) }, () => ({
      number: number++,
      agedMs: random.below(oldest + 1),
      bytes: random.once(10) ? random.between(1, longest) : random.between(1, 200),
    }));
    const at = early && random.once(2) ? random.below(SECOND) : random.below(activeMs);
    const put = { do: 'put', at, forMs: 0, part: 0, items } as const;
    actions.push({ ...put, where: random.below(writers) });
    // Now and then two nodes put the same items.
    if (random.once(10)) actions.push({ ...put, at: at + 1, where: random.below(nodeCount) });
  }
  return actions;
}

interface Extent {
  readonly nodes: number;
  readonly links: number;
  readonly activeMs: number;
}

/** Half of the kinds are left out in each seed, so that the others meet often. */
function drawFaults(
  random: QuickRandom,
  kinds: readonly Fault[],
  { nodes, links, activeMs }: Extent,
): Action[] {
  const weights = FAULTS.map((kind) => ({
    kind,
    weight: random.once(2) ? random.between(1, 10) : 0,
  })).filter(({ kind, weight }) => weight > 0 && kinds.includes(kind));
  const bag = weights.flatMap(({ kind, weight }) => Array<Fault>(weight).fill(kind));
  const count = bag.length === 0 ? 0 : random.of([0, 3, 10, 30]);
  const longestMs = random.of([2 * SECOND, 20 * SECOND, MINUTE]);
  return Array.from({ length: count }, (): Action => {
    const kind = random.of(bag);
    const ofLink = kind === 'cut' || kind === 'slow' || kind === 'oneway';
    const sides = 1 + random.below(2 ** Math.min(nodes, 30) - 2);
    const where = kind === 'partition' ? sides : random.below(ofLink ? links : nodes);
    return {
      do: kind,
      at: random.below(activeMs),
      where,
      forMs: random.between(100, longestMs),
      part: random.fraction(),
      items: [],
    };
  });
}

interface Busy {
  readonly puts: readonly Action[];
  /** When a node starts late. */
  readonly startMs: number | undefined;
}

/** Half of the faults come while a put is on its way to the others, or a late node catches up. */
function nearBusy(seed: string, faults: readonly Action[], { puts, startMs }: Busy): Action[] {
  const random = new QuickRandom(`near ${seed}`);
  return faults.map((fault) => {
    const [put, delay, near] = [random.of(puts), random.below(NEAR_MS), random.once(2)];
    if (!near) return fault;
    const at = startMs !== undefined && random.once(2) ? startMs : put.at;
    return { ...fault, at: at + delay };
  });
}

function drawOptions(random: QuickRandom): Partial<ReplicatorOptions> {
  const options: Partial<Record<keyof ReplicatorOptions, number>> = {};
  const some = (name: keyof ReplicatorOptions, values: readonly number[]): void => {
    if (random.once(2)) options[name] = random.of(values);
  };
  some('intervalMs', [5_000, 30_000]);
  some('intervalMinMs', [1_000, 5_000]);
  some('settleMs', [10, 250, 1_000]);
  some('silenceMs', [500, 2_000]);
  some('proveMs', [2_000, 10_000]);
  some('catchUpItems', [5, 20, 100]);
  some('sliceItems', [8, 32, 256]);
  some('maxPending', [64, 1_000]);
  some('batchItems', [1, 4, 32]);
  some('maxSmallBytes', [100, 1_000, 10_000]);
  some('maxLargeRequests', [1, 2]);
  some('largeBytes', [1_000, 100_000]);
  some('stealAfterMs', [200, 1_000]);
  some('requestsPerPeer', [1, 2, 3]);
  some('maxRequests', [1, 3, 8]);
  some('windowBytes', [1_000, 100_000]);
  return options;
}

function drawSession(random: QuickRandom): Plan['session'] {
  return {
    ...(random.once(4) && { maxMissing: random.between(4, 64) }),
    ...(random.once(4) && { maxSessions: random.between(1, 3) }),
  };
}

/** Sets of this size are split, put off and gone on with as large ones are. */
function drawLimits(seed: string): Plan['limits'] {
  const random = new QuickRandom(`limits ${seed}`);
  if (random.once(2)) return {};
  return {
    maxRangeItems: random.of([4, 16, 64]),
    ...(random.once(2) && { maxGroupItems: random.of([16, 64]) }),
    ...(random.once(3) && { maxVisitedItems: random.of([100, 400]) }),
    ...(random.once(3) && { maxGroups: random.between(1, 4) }),
    ...(random.once(3) && { maxRanges: random.of([64, 256]) }),
    ...(random.once(3) && { groupDifferences: random.of([4, 16]) }),
  };
}

/** Where a peer lies, most nodes have too few links for the usual number. */
function fewestPeers(seed: string, nodes: readonly PlannedNode[]): number {
  if (!nodes.some(({ lies }) => lies)) return DEFAULT_PENALTY_OPTIONS.minPeers;
  return new QuickRandom(`peers ${seed}`).of([0, 1, DEFAULT_PENALTY_OPTIONS.minPeers]);
}

/** A liar has items that the others must ask it for. */
function putsOfLiars(
  seed: string,
  nodes: readonly PlannedNode[],
  puts: readonly Action[],
): readonly Action[] {
  const liar = nodes.findIndex(({ lies }) => lies);
  if (liar === -1) return puts;
  const random = new QuickRandom(`liar ${seed}`);
  return puts.map((put) => (random.once(3) ? { ...put, where: liar } : put));
}
