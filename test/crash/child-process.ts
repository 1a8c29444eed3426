import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Event, Order, Start } from './messages.ts';

const PROGRAM = fileURLToPath(new URL('./child.ts', import.meta.url));

/** How long a child may take for one step before it is taken to hang. */
const PATIENCE_MS = 100_000;

type Named<Name extends Event['event']> = Extract<Event, { event: Name }>;

/** A child, seen from outside: what it says, and the way to kill it. */
export class Child {
  readonly #process: ChildProcess;
  readonly #events: Event[] = [];
  readonly #ended: Promise<void>;
  readonly #onAcknowledged: (numbers: readonly number[]) => void;
  #news: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #complaints = '';
  #over = false;

  constructor(start: Start, onAcknowledged: (numbers: readonly number[]) => void) {
    this.#onAcknowledged = onAcknowledged;
    this.#process = fork(PROGRAM, [JSON.stringify(start)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#hear(line));
    this.#process.stderr!.on('data', (text) => {
      this.#complaints += text;
    });
    this.#ended = once(this.#process, 'close').then(() => {
      this.#over = true;
      this.#wake();
    });
  }

  order(order: Order): void {
    this.#process.send(order);
  }

  /** The next of these events; rejects when the child ends, or hangs, without one. */
  async next<Name extends Event['event']>(...names: Name[]): Promise<Named<Name>> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), PATIENCE_MS);
    try {
      for (;;) {
        const { promise } = this.#news;
        const found = this.#events.findIndex(({ event }) => names.includes(event as Name));
        if (found >= 0) return this.#events.splice(found, 1)[0] as Named<Name>;
        if (this.#over) throw new Error(`the child ended: ${this.#complaints || 'without a word'}`);
        await promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Kills it at once; resolves when all it had said is read. Rejects when it had failed before. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
    if (this.#complaints !== '') throw new Error(`the child complained: ${this.#complaints}`);
  }

  #hear(line: string): void {
    const event = JSON.parse(line) as Event;
    if (event.event === 'acknowledged') this.#onAcknowledged(event.numbers);
    else this.#events.push(event);
    this.#wake();
  }

  #wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}
