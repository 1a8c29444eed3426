import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MARKS } from './marks.ts';

const ROOT = new URL('../../../', import.meta.url);

interface CoveredScript {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number;
      readonly endOffset: number;
      readonly count: number;
    }[];
  }[];
}

/** Where the marks are. Throws unless the text of each stands in its file exactly once. */
export function placesOfMarks(): { name: string; url: string; offset: number }[] {
  return MARKS.map(({ name, file, text }) => {
    const path = fileURLToPath(new URL(file, ROOT));
    const source = readFileSync(path, 'utf8');
    const start = source.indexOf(text);
    if (start === -1 || source.includes(text, start + 1)) {
      throw new Error(`the text of the mark "${name}" must stand in ${file} exactly once`);
    }
    return { name, url: pathToFileURL(path).href, offset: start + text.length - 1 };
  });
}

/**
 * Sees which marks the code of this thread reaches, by V8's count of blocks: the code itself carries
 * nothing. Node strips types without moving any text.
 */
export class Reach {
  readonly #session = new Session();
  readonly #places = placesOfMarks();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The code runs at its full speed again. */
  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** The marks that were reached since the last call. */
  take(): string[] {
    let scripts: readonly CoveredScript[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error === null) scripts = taken.result;
    });
    const byUrl = new Map(scripts.map((script) => [script.url, script]));
    return this.#places
      .filter(({ url, offset }) => isReached(byUrl.get(url), offset))
      .map(({ name }) => name);
  }
}

/** Whether the innermost block around an offset ran. */
function isReached(script: CoveredScript | undefined, offset: number): boolean {
  let innermost: { readonly size: number; readonly count: number } | undefined;
  for (const { ranges } of script?.functions ?? []) {
    for (const { startOffset, endOffset, count } of ranges) {
      if (offset < startOffset || offset >= endOffset) continue;
      const size = endOffset - startOffset;
      if (innermost === undefined || size <= innermost.size) innermost = { size, count };
    }
  }
  return innermost !== undefined && innermost.count > 0;
}
