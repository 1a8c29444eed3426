import { QuickRandom } from '../../support/quick-random.ts';
import type { Action, Fault, Plan, PlannedLink, PlannedNode } from './plan.ts';

/** Ids of the longest answer, where answers are short. */
const SHORT_ANSWER = 16;

/** How nodes catch up in a seed. */
interface CatchUps {
  /** The node that starts late; null where all start at once. */
  readonly late: { readonly number: number; readonly startsMs: number } | null;
  readonly partItems: number;
  readonly answers: Pick<Plan['session'], 'maxIdsPerRequest'>;
  readonly sizes: Plan['options'];
  /** A node with what is different about it. */
  readonly node: (node: PlannedNode, number: number) => PlannedNode;
  /** A link likewise. */
  readonly link: (link: PlannedLink) => PlannedLink;
  /** Faults that come while the late node catches up. */
  readonly breaks: (links: readonly PlannedLink[]) => (Action & { readonly do: Fault })[];
}

/** Time in which a late node catches up, as a rule. */
const CATCH_UP_MS = 5_000;

/**
 * In half of the seeds slices are so small that these sets are streamed in several parts. In most of them a node
 * starts late and empty, over links so slow that faults come between the parts.
 */
export function drawCatchUps(
  seed: string,
  nodes: readonly PlannedNode[],
  activeMs: number,
): CatchUps {
  const random = new QuickRandom(`catch-up ${seed}`);
  const streams = random.once(2);
  const comesLate = streams ? !random.once(3) : random.once(6);
  const number = random.below(nodes.length);
  // Most items are there then.
  const late = { number, startsMs: random.between(activeMs / 2, activeMs - 2 * CATCH_UP_MS) };
  const sizes = {
    catchUpItems: random.of([1, 5, 20]),
    sliceItems: random.of([16, 64, 256]),
    streamedItems: random.of([1, 4, 16]),
  };
  const partItems = random.of([1, 3, 10]);
  const short = streams && random.once(3);
  const batches = short ? { batchItems: random.between(1, SHORT_ANSWER) } : {};
  const bytesPerMs = random.of([2, 5, 20]);
  const isLate = (number: number): boolean => comesLate && number === late.number;
  const isSlow = ({ ends }: PlannedLink): boolean => streams && ends.some(isLate);
  return {
    late: comesLate ? late : null,
    partItems: streams ? partItems : Number.POSITIVE_INFINITY,
    answers: short ? { maxIdsPerRequest: SHORT_ANSWER } : {},
    sizes: streams ? { ...sizes, ...batches } : {},
    node: (node, number) => ({
      ...node,
      ...(isLate(number) && { startsMs: late.startsMs }),
      ...(comesLate && streams && { streams }),
    }),
    link: (link) => (isSlow(link) ? { ...link, bytesPerMs } : link),
    breaks: (links) => (comesLate && streams ? drawBreaks(random, late, links) : []),
  };
}

/** Its links are cut, and it or a neighbour ends. */
function drawBreaks(
  random: QuickRandom,
  { number, startsMs }: NonNullable<CatchUps['late']>,
  links: readonly PlannedLink[],
): (Action & { readonly do: Fault })[] {
  const own = [...links.keys()].filter((i) => links[i]!.ends.includes(number));
  return Array.from({ length: random.of([0, 1, 3, 6]) }, () => {
    const kind = random.of(['cut', 'cut', 'kill', 'write'] as const);
    const link = random.of(own);
    return {
      do: kind,
      at: startsMs + random.below(CATCH_UP_MS),
      where: kind === 'cut' ? link : random.of(links[link]!.ends),
      forMs: random.between(100, CATCH_UP_MS),
      part: random.fraction(),
      items: [],
    };
  });
}
