import { PLANTS, type Plant } from './plants.ts';
import { Pool, type PoolInit } from './pool.ts';

const LIMIT_MS = 300_000;

/** What threads need to run with a plant in the code. */
export function plantedInit({ edits }: Plant): Pick<PoolInit, 'imports' | 'env'> {
  return {
    imports: [new URL('./plant-hook.ts', import.meta.url).href],
    env: { RANGEMESH_PLANT: JSON.stringify(edits) },
  };
}

/** The plant with that in its name. Throws unless there is one. */
export function plantNamed(text: string): Plant {
  const [found, ...others] = PLANTS.filter(({ name }) => name.includes(text));
  if (found !== undefined && others.length === 0) return found;
  const names = PLANTS.map(({ name }) => `"${name}"`).join(', ');
  throw new Error(`--plant takes a part of one of these names: ${names}`);
}

interface Search {
  /** The first seed. */
  readonly first: number;
  /** Most seeds for each plant. */
  readonly count: number;
  readonly threads: number;
  readonly print: (line: string) => void;
}

/** Looks for each plant; returns how many were not found. */
export async function findPlants({ print, ...search }: Search): Promise<number> {
  let missed = 0;
  for (const plant of PLANTS) {
    const found = await findPlant(plant, search);
    if (found === null) missed++;
    const end =
      found === null
        ? `NOT FOUND in ${search.count} seeds`
        : `found by "${found.property}" in seed ${found.seed}`;
    print(`${plant.name}: ${end}`);
  }
  return missed;
}

/** The seed that noticed a plant, and the property. */
interface Found {
  readonly seed: string;
  readonly property: string;
}

/** The first seed that notices the plant, by a property or because it hangs; null where none does. */
export async function findPlant(
  plant: Plant,
  { first, count, threads }: Omit<Search, 'print'>,
): Promise<Found | null> {
  const pool = new Pool({ threads, limitMs: LIMIT_MS, ...plantedInit(plant) });
  let next = 0;
  let found: Found | null = null;
  const search = async (): Promise<void> => {
    while (found === null && next < count) {
      const seed = `${first + next++}`;
      const order = { seed, overrides: {}, keep: false, marks: false };
      const property = await pool.run(order).then(
        ({ violations }) => violations[0]?.property,
        () => 'hangs',
      );
      if (property !== undefined) found ??= { seed, property };
    }
  };
  await Promise.all(Array.from({ length: threads }, search));
  await pool.close();
  return found;
}
