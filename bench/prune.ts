import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PruneRun } from './prune/prune-half.ts';
import { inChild, round, withDirectory } from './support/child.ts';

/** What `--json` prints. Half of the items are pruned while others are put, a hundred a second. */
export interface PruneFigures {
  readonly bench: 'prune';
  readonly n: number;
  /** Removed, over the whole time of pruning and compaction. */
  readonly itemsPerSecond: number;
  /** Seconds until the disk was given back. */
  readonly seconds: number;
  /** Bytes of all files. */
  readonly diskBefore: number;
  readonly diskAfter: number;
  /** Of puts before pruning, and meanwhile. */
  readonly idlePutP99Ms: number;
  readonly putP99Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** `bench -- prune [--json] [--n N]`: what pruning half of a set gives back, and what puts notice of it. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      n: { type: 'string', default: '1000000' },
    },
  });
  const script = new URL('./prune/prune-half.ts', import.meta.url);
  await withDirectory(async (folder) => {
    const run = await inChild<PruneRun>(script, join(folder, 'db'), values.n);
    const figures: PruneFigures = {
      bench: 'prune',
      n: Number(values.n),
      itemsPerSecond: Math.round(run.removed / run.seconds),
      seconds: round(run.seconds),
      diskBefore: run.diskBefore,
      diskAfter: run.diskAfter,
      idlePutP99Ms: round(run.idlePutP99Ms),
      putP99Ms: round(run.putP99Ms),
      loopP99Ms: round(run.loopP99Ms),
      loopMaxMs: round(run.loopMaxMs),
    };
    if (values.json) console.log(JSON.stringify(figures));
    else console.table(figures);
  });
}
