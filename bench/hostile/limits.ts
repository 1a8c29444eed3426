import type { HostileFigures, MeshFigures } from './figures.ts';

/** What every attack must leave alone. */
export const LIMITS = {
  /** Growth of the resident set during an attack. */
  riseMb: 150,
  livezMs: 1_000,
  honestPutMs: 5_000,
  /** Growth of the resident set that is left after the rest, after a collection. */
  leftMb: 50,
  /** Time and memory of a node that catches up among hostile peers, over those without. */
  meshRatio: 1.5,
};

/** Sentences about the limits that the figures break; none if all hold. */
export function faultsOf(figures: HostileFigures): string[] {
  const { attack, rssBeforeMb, rssMb, rssAfterMb, livezOwnMaxMs, honestPutP99Ms } = figures;
  const faults: (string | false)[] = [
    above(rssMb - rssBeforeMb, LIMITS.riseMb, 'MB more during the attack'),
    livezOwnMaxMs >= LIMITS.livezMs && `/livez took ${livezOwnMaxMs} ms`,
    above(honestPutP99Ms, LIMITS.honestPutMs, 'ms for an honest put'),
    above(rssAfterMb - rssBeforeMb, LIMITS.leftMb, 'MB more after the rest'),
  ];
  return faults.filter((fault) => fault !== false).map((fault) => `${attack}: ${fault}`);
}

/** Likewise for `--mesh`. */
export function meshFaultsOf({ attacks, ratioTime, ratioRss }: MeshFigures): string[] {
  const faults = [
    above(ratioTime, LIMITS.meshRatio, 'times the time', 2),
    above(ratioRss, LIMITS.meshRatio, 'times the memory', 2),
  ];
  return faults
    .filter((fault) => fault !== false)
    .map((fault) => `a mesh with ${attacks.join(', ')}: ${fault}`);
}

function above(value: number, limit: number, unit: string, digits = 0): string | false {
  return value > limit && `${value.toFixed(digits)} ${unit}, ${limit} at most`;
}
