import type { Logger } from 'pino';
import type { Cancel, Clock } from '../../../store/index.ts';
import { BackOff } from '../../backoff.ts';
import { LineSplitter } from '../../line-splitter.ts';
import type { Program, ProgramEvents } from '../../system/index.ts';
import { decodeAnswer, encodeQuestion, MAX_LINE_BYTES } from './lines.ts';
import { ERROR_WINDOW_MS, MAX_ERROR_BYTES, MAX_RESTART_MS, RESTART_MS } from './options.ts';
import type { ItemDecision, ItemQuestion, Policy } from './policy.ts';

export interface ProgramPolicyInit {
  readonly start: (heard: ProgramEvents) => Program;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly firstBytes: number;
}

/** The questions of a batch that are not answered yet, by number. */
interface OpenBatch {
  readonly first: number;
  readonly answers: (ItemDecision | undefined)[];
  open: number;
  readonly settled: PromiseWithResolvers<readonly ItemDecision[]>;
}

/**
 * A program that is asked by lines of JSON. It is killed when it breaks the rules or is late, and started
 * again after a pause that doubles until it has answered a batch.
 */
export class ProgramPolicy implements Policy {
  readonly #init: ProgramPolicyInit;
  readonly #backOff = new BackOff({ baseMs: RESTART_MS, maxMs: MAX_RESTART_MS });
  #program: Program | null = null;
  #lines = new LineSplitter(MAX_LINE_BYTES);
  #batch: OpenBatch | null = null;
  /** Numbers are not used again, so that a late answer is no answer to a later question. */
  #next = 0;
  #down: string | null = null;
  #errorsSince = 0;
  #errorBytes = 0;
  #restart: Cancel = () => undefined;
  #up: () => void = () => undefined;

  constructor(init: ProgramPolicyInit) {
    this.#init = init;
    this.#start();
  }

  get down(): string | null {
    return this.#down;
  }

  ask(questions: readonly ItemQuestion[], signal: AbortSignal): Promise<readonly ItemDecision[]> {
    const batch: OpenBatch = {
      first: this.#next,
      answers: new Array(questions.length),
      open: questions.length,
      settled: Promise.withResolvers(),
    };
    if (this.#program === null) return Promise.reject(new Error(this.#down ?? 'it does not run'));
    this.#next += questions.length;
    this.#batch = batch;
    const late = (): void => this.#fail((signal.reason as Error).message);
    signal.addEventListener('abort', late);
    const { firstBytes } = this.#init;
    const lines = questions.map((question, i) =>
      encodeQuestion({ number: batch.first + i, question, firstBytes }),
    );
    this.#program.write(lines.join(''));
    return batch.settled.promise.finally(() => signal.removeEventListener('abort', late));
  }

  onUp(listener: () => void): void {
    this.#up = listener;
  }

  stop(): void {
    this.#restart();
    this.#end('the daemon stops');
  }

  #start(): void {
    const lines = new LineSplitter(MAX_LINE_BYTES);
    this.#lines = lines;
    this.#errorBytes = 0;
    this.#down = null;
    // Words of a program that has been killed concern no question any more.
    const present = (): boolean => this.#lines === lines && this.#down === null;
    try {
      this.#program = this.#init.start({
        output: (bytes) => present() && this.#heard(bytes),
        errorOutput: (bytes) => present() && this.#heardErrors(bytes),
        ended: (reason) => present() && this.#fail(reason),
      });
    } catch (error) {
      this.#fail(`it cannot be started: ${(error as Error).message}`);
    }
  }

  #heard(bytes: Uint8Array): void {
    for (const line of this.#lines.push(bytes)) {
      const answer = line.bytes === null ? null : decodeAnswer(line.bytes);
      if (answer === null || !this.#note(answer)) {
        this.#fail(nonsense(line.bytes));
        return;
      }
    }
    if (this.#lines.length > MAX_LINE_BYTES) this.#fail(nonsense(null));
  }

  /** Reading takes time of the daemon, so that a flood counts as a failure. */
  #heardErrors(bytes: number): void {
    const now = this.#init.clock.monotonic();
    if (now - this.#errorsSince >= ERROR_WINDOW_MS) {
      this.#errorsSince = now;
      this.#errorBytes = 0;
    }
    this.#errorBytes += bytes;
    if (this.#errorBytes <= MAX_ERROR_BYTES) return;
    this.#fail(`it wrote more than ${MAX_ERROR_BYTES} bytes to its standard error within 10 s`);
  }

  /** False: no question with this number is open. */
  #note({ number, take, reason }: ItemDecision & { readonly number: number }): boolean {
    const batch = this.#batch;
    if (batch === null) return false;
    const at = number - batch.first;
    if (!(at in batch.answers) && at >= 0 && at < batch.answers.length) {
      batch.answers[at] = { take, reason };
      batch.open--;
      if (batch.open === 0) {
        this.#batch = null;
        this.#backOff.reset();
        batch.settled.resolve(batch.answers as ItemDecision[]);
      }
      return true;
    }
    return false;
  }

  #fail(reason: string): void {
    const { clock, logger } = this.#init;
    const errorOutput = this.#program?.errorOutput ?? '';
    this.#end(reason);
    const pauseMs = this.#backOff.next();
    logger.warn(
      { code: 'POLICY_FAILED', reason, pauseMs, ...(errorOutput !== '' && { errorOutput }) },
      'the policy program failed; it is started again',
    );
    this.#restart = clock.after(pauseMs, () => {
      this.#start();
      if (this.#down === null) this.#up();
    });
  }

  #end(reason: string): void {
    this.#down = reason;
    this.#program?.kill();
    this.#program = null;
    const batch = this.#batch;
    this.#batch = null;
    batch?.settled.reject(new Error(reason));
  }
}

function nonsense(line: Uint8Array | null): string {
  if (line === null) return `its line is longer than ${MAX_LINE_BYTES} bytes`;
  const shown = JSON.stringify(Buffer.from(line.subarray(0, 80)).toString());
  return `its line is no answer to an open question: ${shown}`;
}
