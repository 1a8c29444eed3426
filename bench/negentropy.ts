import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { IMPLEMENTATIONS } from './negentropy/implementations.ts';

/** What one implementation needs to reconcile two sets. */
export interface NegentropyFigures {
  readonly bench: 'negentropy';
  readonly impl: string;
  /** Items of both sets together. */
  readonly n: number;
  /** Items that one side alone holds: half of them each, spread evenly. */
  readonly d: number;
  /** Items inserted and sealed a second, hints ascending; the best of three times. */
  readonly buildPerSecond: number;
  /** Memory of one set once it is built, by an item. */
  readonly bytesPerItem: number;
  /** CPU time of both sides for the whole session, all threads of the process. */
  readonly cpuMs: number;
  /** Bytes of all messages. */
  readonly bytes: number;
  /** Whether both sides' differences were found, and nothing else. */
  readonly exact: boolean;
}

const CHILD = fileURLToPath(new URL('./negentropy/case.ts', import.meta.url));

/** Runs each case in a process of its own, so that memory is that of the case alone. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      n: { type: 'string', multiple: true, default: ['100000'] },
      d: { type: 'string', multiple: true, default: ['1', '1000', '10000'] },
      impl: { type: 'string', multiple: true, default: ['rangemesh', 'nostr-tools'] },
    },
  });
  if (!values.json) console.log(HEADING);
  for (const n of values.n.map(Number)) {
    for (const d of values.d.map(Number)) {
      for (const impl of values.impl) {
        const figures = await runCase(impl, n, d);
        console.log(values.json ? JSON.stringify(figures) : line(figures));
      }
    }
  }
}

async function runCase(impl: string, n: number, d: number): Promise<NegentropyFigures> {
  if (!Object.hasOwn(IMPLEMENTATIONS, impl)) {
    throw new Error(`--impl is one of ${Object.keys(IMPLEMENTATIONS).join(', ')}, not ${impl}`);
  }
  if (!Number.isInteger(n) || !Number.isInteger(d) || d < 0 || n < 1 || d > n) {
    throw new Error(`--n and --d are whole numbers, d at most n, not ${n} and ${d}`);
  }
  const args = ['--expose-gc', CHILD, impl, `${n}`, `${d}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

const COLUMNS = [24, 10, 8, 12, 8, 10, 12, 7];
const HEADING = row('impl', 'n', 'd', 'build/s', 'B/item', 'CPU ms', 'bytes', 'exact');

function line(figures: NegentropyFigures): string {
  const { impl, n, d, buildPerSecond, bytesPerItem, cpuMs, bytes, exact } = figures;
  return row(impl, n, d, buildPerSecond, bytesPerItem, cpuMs, bytes, exact);
}

function row(...cells: unknown[]): string {
  return cells.map((cell, i) => String(cell).padStart(COLUMNS[i]!)).join('');
}
