import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { removeFolder, temporaryFolder } from '../support/folders.ts';
import type { Edit } from './mutators.ts';

const PLANT = new URL('./plant.ts', import.meta.url).href;
const COMPILE_CACHE = new URL('../../test/support/compile-cache.ts', import.meta.url).href;

export interface TestRunInit {
  /** Root of the project. */
  readonly root: string;
  /** The test file, from the root. */
  readonly test: string;
  /** Milliseconds after which the run is ended. */
  readonly timeoutMs: number;
  /** @default no mutant is planted */
  readonly mutant?: Edit & { readonly file: string };
  /** Folder for V8's coverage of the process and all that it starts. @default no coverage is taken */
  readonly coverage?: string;
}

export interface TestRun {
  /** `failed`: a test failed, or the process ended with an error before one could. */
  readonly outcome: 'passed' | 'failed' | 'timeout';
  /** A test said that it failed; else the process ended with an error before one could. */
  readonly told: boolean;
  readonly ms: number;
  /** Title and message of the first failure; the last lines of output where there is none. */
  readonly says: string;
}

/** Runs one test file in a process of its own and ends it at the first test that fails. */
export async function runTest(init: TestRunInit): Promise<TestRun> {
  const started = performance.now();
  // A test that is ended at once leaves its files behind.
  const temporary = temporaryFolder('rangemesh-mutant');
  const args = ['--import', COMPILE_CACHE, '--test-reporter=tap', init.test];
  const child = spawn(process.execPath, args, {
    cwd: init.root,
    env: { ...environment(init), TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: what a test started is ended with it.
    detached: true,
  });
  const failure = new Failure();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child);
  }, init.timeoutMs);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (failure.take(line)) endGroup(child);
  });
  createInterface({ input: child.stderr }).on('line', (line) => failure.note(line));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  );
  clearTimeout(timer);
  endGroup(child);
  const ms = Math.round(performance.now() - started);
  await removeFolder(temporary);
  if (signal === 'SIGKILL' && !failure.seen && !timedOut) {
    throw new Error(`${init.test} was killed from outside: is memory short?`);
  }
  const failed = failure.seen || (code !== 0 && !timedOut);
  const outcome = failed ? 'failed' : timedOut ? 'timeout' : 'passed';
  return { outcome, told: failure.seen, ms, says: failure.words() };
}

function environment(init: TestRunInit): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  // A runner that is itself started by the test runner must not report to it.
  delete env.NODE_TEST_CONTEXT;
  if (init.mutant !== undefined) {
    const url = pathToFileURL(`${init.root}/${init.mutant.file}`).href;
    const { start, end, text } = init.mutant;
    env.RANGEMESH_MUTANT = JSON.stringify({ url, start, end, text });
    env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --import=${PLANT}`;
  }
  if (init.coverage !== undefined) {
    env.NODE_V8_COVERAGE = init.coverage;
    // Functions out of a compile cache have no counts for their blocks.
    env.NODE_DISABLE_COMPILE_CACHE = '1';
  }
  return env;
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}

/** Reads TAP until the first test has failed and has said why. */
class Failure {
  seen = false;
  #title = '';
  #message: string[] = [];
  #reading = false;
  readonly #last: string[] = [];

  note(line: string): void {
    if (line.trim() === '') return;
    this.#last.push(line.trim());
    if (this.#last.length > 8) this.#last.shift();
  }

  /** Answers whether the first failure has been read as a whole. */
  take(line: string): boolean {
    const title = /^\s*not ok \d+ - (.*)$/.exec(line)?.[1];
    if (title !== undefined && !this.seen && !/# (TODO|SKIP)/.test(title)) {
      this.seen = true;
      this.#title = title;
      return false;
    }
    if (!this.seen) {
      if (!/^\s*(#|ok|---|\.\.\.|duration_ms|type:|TAP)/.test(line)) this.note(line);
      return false;
    }
    if (/^\s*error:/.test(line)) this.#reading = true;
    else if (/^\s*(code|name|stack|failureType):/.test(line)) this.#reading = false;
    if (this.#reading) this.#message.push(line.replace(/^\s*error:\s*(\|-)?/, '').trim());
    return /^\s*\.\.\.\s*$/.test(line);
  }

  words(): string {
    if (!this.seen) return this.#last.join(' | ').slice(0, 400);
    const message = this.#message.filter((line) => line !== '').join(' ');
    return `${this.#title}: ${message}`.slice(0, 400);
  }
}
