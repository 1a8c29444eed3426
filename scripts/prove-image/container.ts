import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BuiltStage } from './build.ts';
import { inside, isolated, outputOf } from './shell.ts';

/** The image, run as process 1 of its own namespaces. */
export class Container {
  readonly #stage: BuiltStage;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;

  private constructor(stage: BuiltStage) {
    this.#stage = stage;
    const argv = [...isolated(stage), ...stage.entrypoint, ...stage.command];
    this.#child = spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'exit');
  }

  /** Resolves once the daemon has started. */
  static async start(stage: BuiltStage): Promise<Container> {
    const container = new Container(stage);
    for await (const line of createInterface({ input: container.#child.stdout! })) {
      if (JSON.parse(line).event !== 'started') continue;
      container.#child.stdout!.resume();
      return container;
    }
    throw new Error('the image ended before its daemon had started');
  }

  /** The process that is 1 inside, by its number outside. */
  get #first(): string {
    return outputOf('pgrep', '--parent', String(this.#child.pid)).trim();
  }

  /** The standard output of a command that runs beside the daemon, as `docker exec` runs it. */
  execute(argv: readonly string[], input = ''): Buffer {
    const joined = ['--target', this.#first, '--pid', '--mount'];
    return execFileSync('nsenter', [...joined, ...inside(this.#stage), ...argv], {
      input,
      stdio: ['pipe', 'pipe', 2],
    });
  }

  /** The exit code after SIGTERM, and the milliseconds until the end. */
  async stop(): Promise<{ code: unknown; ms: number }> {
    const begin = performance.now();
    process.kill(Number(this.#first), 'SIGTERM');
    const [code] = await this.#exited;
    return { code, ms: Math.round(performance.now() - begin) };
  }

  /** For the end of a proof that failed. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
