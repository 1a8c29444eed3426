import { setTimeout as pause } from 'node:timers/promises';
import { Member } from '../support/crew.ts';
import type { Totals } from './daemons.ts';
import type { Recorded } from './latencies.ts';

export const NODES = 16;
const PROCESSES = 4;
/** Each node dials those so many places on, so each has twice as many peers. */
const STEPS = [1, 3, 5];
export const DEGREE: number = 2 * STEPS.length;
const PUTS_PER_SECOND = 50;

/** What a daemon has, and the room for new objects for each of a process; see bin/rangemesh.js. */
const YOUNG_MB = (2 * NODES) / PROCESSES;
const AS_DAEMONS = [
  `--min-semi-space-size=${YOUNG_MB}`,
  `--max-semi-space-size=${YOUNG_MB}`,
  '--import',
  new URL('../support/as-daemon.ts', import.meta.url).href,
];

const WORKER = new URL('./worker.ts', import.meta.url);

/**
 * `daemons`; `library` is gossipsub and libp2p as they come, which is what is meant by bare gossipsub;
 * `tuned` is the same as the daemon sets them up, with fewer links and what it saves inside libp2p.
 */
export type Kind = 'daemons' | 'library' | 'tuned';

/** Nodes of one kind, in processes of their own. */
export class Mesh {
  readonly #kind: Kind;
  readonly #crew: readonly Member[];

  constructor(kind: Kind) {
    this.#kind = kind;
    const flags = kind === 'daemons' ? AS_DAEMONS : [];
    this.#crew = Array.from({ length: PROCESSES }, () => new Member(WORKER, flags));
  }

  /** Starts the nodes, a few in each process, and joins them. */
  async build(): Promise<void> {
    const addresses: Record<number, string> = {};
    for (const [i, member] of this.#crew.entries()) {
      const nodes = Array.from({ length: NODES }, (_, node) => node).filter(
        (node) => node % PROCESSES === i,
      );
      Object.assign(addresses, await member.call('start', { kind: this.#kind, nodes }));
    }
    for (let node = 0; node < NODES; node++) {
      for (const step of STEPS) {
        await this.#at(node).call('dial', { node, address: addresses[(node + step) % NODES] });
      }
    }
    if (!(await until(() => this.#ready()))) throw new Error(`the ${this.#kind} mesh is not ready`);
    // Some heartbeats for gossip to choose its links.
    await pause(3_000);
  }

  /** Puts items for so long; `first` numbers them. Returns the number after the last. */
  async run(first: number, seconds: number): Promise<number> {
    const perSecond = PUTS_PER_SECOND / PROCESSES;
    let next = first;
    await Promise.all(
      this.#crew.map((member, i) => {
        // A part of an item is made up for by the others.
        const count = Math.floor(seconds * perSecond + i / PROCESSES);
        const load = { first: next, count, perSecond, afterMs: (1_000 * i) / PUTS_PER_SECOND };
        next += count;
        return member.call('run', load);
      }),
    );
    return next;
  }

  async totals(): Promise<Totals[]> {
    return (await Promise.all(this.#crew.map((member) => member.call<Totals[]>('totals')))).flat();
  }

  async recorded(): Promise<Recorded> {
    const parts = await Promise.all(this.#crew.map((member) => member.call<Recorded>('moments')));
    return {
      called: parts.flatMap(({ called }) => called),
      sent: parts.flatMap(({ sent }) => sent),
      arrived: parts.flatMap(({ arrived }) => arrived),
    };
  }

  async end(): Promise<void> {
    await Promise.all(this.#crew.map((member) => member.end()));
  }

  async #ready(): Promise<boolean> {
    const ready = await Promise.all(
      this.#crew.map((member) => member.call<boolean>('ready', DEGREE)),
    );
    return ready.every(Boolean);
  }

  #at(node: number): Member {
    return this.#crew[node % PROCESSES]!;
  }
}

const LIMIT_MS = 60_000;

/** Whether the condition came to hold within a minute. */
export async function until(condition: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() >= end) return false;
    await pause(200);
  }
  return true;
}
