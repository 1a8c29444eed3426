import { Worker } from 'node:worker_threads';
import type { Answer, Order } from './worker.ts';

export interface PoolInit {
  /** Threads side by side. */
  readonly threads: number;
  /** Milliseconds after which a seed counts as hung. */
  readonly limitMs: number;
  /**
   * Modules that each thread loads first.
   * @default none
   */
  readonly imports?: readonly string[];
  /** @default that of this process */
  readonly env?: Readonly<Record<string, string>>;
}

/** A thread, and the caller that waits for its answer. */
interface Seat {
  readonly worker: Worker;
  asked: PromiseWithResolvers<Answer> | null;
}

/** Threads that stay warm from one seed to the next. */
export class Pool {
  readonly #init: PoolInit;
  readonly #idle: Seat[] = [];
  readonly #waiting: ((seat: Seat) => void)[] = [];
  readonly #seats = new Set<Seat>();

  constructor(init: PoolInit) {
    this.#init = init;
    for (let i = 0; i < init.threads; i++) this.#add();
  }

  /** Runs a seed on the next free thread. Rejects if it hangs or its thread ends. */
  async run(order: Order): Promise<Answer> {
    const seat = this.#idle.pop() ?? (await new Promise<Seat>((take) => this.#waiting.push(take)));
    const asked = Promise.withResolvers<Answer>();
    seat.asked = asked;
    const hung = new Error(`seed ${order.seed} hangs`);
    const limit = setTimeout(() => asked.reject(hung), this.#init.limitMs);
    seat.worker.postMessage(order);
    try {
      const answer = await asked.promise;
      this.#free(seat);
      return answer;
    } catch (error) {
      this.#seats.delete(seat);
      await seat.worker.terminate();
      this.#add();
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#seats, ({ worker }) => worker.terminate()));
  }

  #add(): void {
    const { imports = [], env } = this.#init;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      execArgv: imports.flatMap((module) => ['--import', module]),
      ...(env !== undefined && { env: { ...process.env, ...env } }),
    });
    const seat: Seat = { worker, asked: null };
    worker.on('message', (answer: Answer) => seat.asked?.resolve(answer));
    worker.on('error', (error) => seat.asked?.reject(error));
    this.#seats.add(seat);
    this.#free(seat);
  }

  #free(seat: Seat): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(seat);
    else next(seat);
  }
}
