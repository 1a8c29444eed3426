import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a member can do, by name; a result travels as JSON. */
export type Skills = Record<string, (argument: never) => unknown>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A process that does what it is told, one end of an IPC channel. */
export class Member {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 0;

  constructor(script: URL, execArgv: string[] = []) {
    this.#child = fork(script, {
      execArgv,
      serialization: 'advanced',
    });
    this.#child.on('message', (message) => this.#answered(message as Answer));
    this.#child.on('exit', (code, signal) => {
      const error = new Error(`a process of the bench ended with ${code ?? signal}`);
      for (const { reject } of this.#calls.values()) reject(error);
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async call<Result>(name: string, argument: unknown = null): Promise<Result> {
    const id = this.#next++;
    const waiting = Promise.withResolvers<unknown>();
    this.#calls.set(id, waiting);
    this.#child.send({ id, name, argument } satisfies Call);
    return (await waiting.promise) as Result;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #answered({ id, result, error }: Answer): void {
    const waiting = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}

/** In the process itself: does what it is told until the channel closes, then `cleanUp`. */
export function serve(skills: Skills, cleanUp: () => Promise<void>): void {
  process.on('message', async (call) => {
    const { id, name, argument } = call as Call;
    const answer = await resultOf(() => skills[name]!(argument as never));
    // The channel may break while the answer is on its way.
    const lost = (): void => {};
    if (process.connected) process.send?.({ id, ...answer } satisfies Answer, undefined, {}, lost);
  });
  process.once('disconnect', async () => {
    await cleanUp();
    process.exit(0);
  });
}

async function resultOf(work: () => unknown): Promise<Omit<Answer, 'id'>> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error: (error as Error).stack ?? String(error) };
  }
}
