import { dirname } from 'node:path';
import type { Equivalent } from './lists.ts';
import type { Judged, Verdict } from './run.ts';

export interface Totals {
  readonly mutants: number;
  readonly noticed: number;
  readonly survived: number;
  readonly equivalent: number;
}

export function totalsOf(judged: readonly Judged[]): Totals {
  const count = (verdict: Verdict): number => judged.filter((of) => of.verdict === verdict).length;
  return {
    mutants: judged.length,
    noticed: count('noticed'),
    survived: count('survived'),
    equivalent: count('equivalent'),
  };
}

/** A row a room, then the sum; the share is of those that are not equivalent. */
export function tableOf(judged: readonly Judged[]): string {
  const rooms = Map.groupBy(judged, ({ mutant }) => dirname(mutant.file));
  const rows = [...rooms].sort(([a], [b]) => (a < b ? -1 : 1)).map(([room, of]) => row(room, of));
  const head = `${'room'.padEnd(44)}mutants noticed (late) survived equivalent  share`;
  return [head, ...rows, row('all', judged)].join('\n');
}

function row(name: string, judged: readonly Judged[]): string {
  const { mutants, noticed, survived, equivalent } = totalsOf(judged);
  const late = judged.filter((of) => of.late).length;
  const share = noticed + survived === 0 ? 1 : noticed / (noticed + survived);
  const cells = [
    String(mutants).padStart(7),
    String(noticed).padStart(8),
    `(${late})`.padStart(7),
    String(survived).padStart(9),
    String(equivalent).padStart(11),
    `${(100 * share).toFixed(1)}%`.padStart(7),
  ];
  return name.padEnd(44) + cells.join('');
}

/** A survivor with its place, and the entry it would have in a list of equivalents. */
export function survivorOf({ mutant, why }: Judged): string {
  const { file, at, from, to } = mutant;
  const entry: Equivalent = { file, at, from, to, reason: '' };
  return `${file}:${mutant.line} ${from} -> ${to} (${why})\n    ${JSON.stringify(entry)}`;
}
