import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { removeFolder, temporaryFolder } from '../support/folders.ts';
import { runTest } from './run-test.ts';

/** Half-open ranges of offsets in one source file, with whether they ran; later ones lie inside. */
type Ranges = readonly (readonly [start: number, end: number, ran: boolean])[];

interface ReachedFile {
  /** Digest of the source that was run: the reach holds for as long as it is the same. */
  readonly source: string;
  readonly ranges: Ranges;
}

/** What one test file reaches, and how long it takes without a mutant. */
export interface Reach {
  readonly ms: number;
  readonly files: Readonly<Record<string, ReachedFile>>;
}

interface V8Function {
  readonly ranges: readonly { startOffset: number; endOffset: number; count: number }[];
}

const TIMEOUT_MS = 180_000;

/**
 * Takes the reach of each test file once and keeps it under `node_modules/.cache` for as long as
 * the test, a source file that it reaches, the tests' helpers, the packages and Node stay the same.
 */
export class Coverage {
  readonly #root: string;
  readonly #cache: string;
  readonly #reaches = new Map<string, Promise<Reach>>();
  /** What every test may use beside its own file and the sources. */
  readonly #common: string;

  constructor(root: string) {
    this.#root = root;
    this.#cache = join(root, 'node_modules/.cache/rangemesh-mutants');
    mkdirSync(this.#cache, { recursive: true });
    const shared = globSync('test/**/!(*.test).ts', { cwd: root });
    const texts = [...shared.sort(), 'package-lock.json'].map((file) => this.#digestOf(file));
    this.#common = digest([process.version, ...texts].join());
  }

  /** The reach of `test`. Throws when it does not pass without a mutant. */
  reachOf(test: string): Promise<Reach> {
    const known = this.#reaches.get(test);
    if (known !== undefined) return known;
    const reach = this.#keptOrMeasured(test);
    this.#reaches.set(test, reach);
    return reach;
  }

  async #keptOrMeasured(test: string): Promise<Reach> {
    const kept = join(
      this.#cache,
      `${digest(`${test}\0${this.#digestOf(test)}\0${this.#common}`)}.json`,
    );
    if (existsSync(kept)) {
      const reach = JSON.parse(readFileSync(kept, 'utf8')) as Reach;
      const holds = ([file, { source }]: [string, ReachedFile]) => this.#digestOf(file) === source;
      if (Object.entries(reach.files).every(holds)) return reach;
    }
    const reach = await this.#measure(test);
    writeFileSync(kept, JSON.stringify(reach));
    return reach;
  }

  #digestOf(file: string): string {
    const path = join(this.#root, file);
    return existsSync(path) ? digest(readFileSync(path, 'utf8')) : '';
  }

  async #measure(test: string): Promise<Reach> {
    const coverage = temporaryFolder('rangemesh-coverage');
    try {
      const run = await runTest({ root: this.#root, test, timeoutMs: TIMEOUT_MS, coverage });
      if (run.outcome !== 'passed') {
        throw new Error(`${test} does not pass without a mutant: ${run.says}`);
      }
      return { ms: run.ms, files: this.#read(coverage) };
    } finally {
      await removeFolder(coverage);
    }
  }

  #read(folder: string): Record<string, ReachedFile> {
    const files = new Map<string, (readonly [number, number, boolean])[]>();
    const sources = pathToFileURL(`${this.#root}/src/`).href;
    for (const name of readdirSync(folder)) {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      for (const { url, functions } of result as { url: string; functions: V8Function[] }[]) {
        if (!url.startsWith(sources)) continue;
        const file = fileURLToPath(url).slice(this.#root.length + 1);
        const ranges = functions.flatMap((of) =>
          of.ranges.map((at) => [at.startOffset, at.endOffset, at.count > 0] as const),
        );
        // Processes of one test add up: the marker keeps the ranges of each apart.
        files.set(file, [...(files.get(file) ?? []), [-1, -1, false] as const, ...ranges]);
      }
    }
    const reached = ([file, ranges]: [string, Ranges]) =>
      [file, { source: this.#digestOf(file), ranges }] as const;
    return Object.fromEntries([...files].map(reached));
  }
}

/** Whether any process of the test ran the code at `offset`. */
export function reaches(reach: Reach, file: string, offset: number): boolean {
  let ran = false;
  let width = Number.POSITIVE_INFINITY;
  for (const [start, end, did] of reach.files[file]?.ranges ?? []) {
    if (start === -1) {
      if (ran) return true;
      width = Number.POSITIVE_INFINITY;
    } else if (start <= offset && offset < end && end - start <= width) {
      width = end - start;
      ran = did;
    }
  }
  return ran;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
