import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Mutant } from './find.ts';

/** Rooms whose behaviour the simulated meshes run as a whole. */
const SIMULATED = /^src\/(protocol|daemon\/replicator)\//;

/** The test files that can notice a mutant of `file`, in groups of equal distance, the nearest first. */
export function testsOf(root: string, file: string): string[][] {
  const [, top] = file.split('/');
  const own = globSync(`test/${top}/**/*.test.ts`, { cwd: root }).sort();
  const simulated = SIMULATED.test(file)
    ? globSync('test/simulation/*.test.ts', { cwd: root })
    : [];
  const groups = Map.groupBy(own, (test) => nearness(file, test));
  const nearestFirst = [...groups].sort(([a], [b]) => b - a).map(([, tests]) => tests);
  return [...nearestFirst, simulated.sort()];
}

/** How many folders a test shares with the source, seen from `test/` and `src/`. */
export function nearness(file: string, test: string): number {
  const folders = dirname(test).split('/').slice(1);
  const rooms = dirname(file).split('/').slice(1);
  const differs = rooms.findIndex((name, index) => name !== folders[index]);
  return differs === -1 ? rooms.length : differs;
}

/** `count` of the mutants, by chance but the same for the same seed, wherever else the source changes. */
export function sample(mutants: readonly Mutant[], count: number, seed: string): Mutant[] {
  const twins = new Map<string, number>();
  const drawn = mutants.map((mutant) => {
    const name = [mutant.file, mutant.at, mutant.from, mutant.to].join('\0');
    const twin = twins.get(name) ?? 0;
    twins.set(name, twin + 1);
    const lot = createHash('sha256').update(`${seed}\0${twin}\0${name}`).digest('hex');
    return { mutant, lot };
  });
  drawn.sort((a, b) => (a.lot < b.lot ? -1 : 1));
  return drawn.slice(0, count).map(({ mutant }) => mutant);
}
