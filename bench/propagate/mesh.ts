import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Member } from '../support/crew.ts';
import { until } from '../support/until.ts';
import type { Totals } from './daemons.ts';
import type { Recorded } from './latencies.ts';

export const NODES = 16;
const PROCESSES = 4;
/** Each node dials those so many places on, so each has twice as many peers. */
const STEPS = [1, 3, 5];
export const DEGREE: number = 2 * STEPS.length;
const PUTS_PER_SECOND = 50;

/** What a daemon has, and the room for new objects for each of a process; see bin/rangemesh.js. */
const YOUNG_MB = (8 * NODES) / PROCESSES;
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

  /** Starts the nodes, a few in each process, and joins them; what they store lies in `folder`. */
  async build(folder: string): Promise<void> {
    const addresses: Record<number, string> = {};
    for (const [i, member] of this.#crew.entries()) {
      const nodes = Array.from({ length: NODES }, (_, node) => node).filter(
        (node) => node % PROCESSES === i,
      );
      Object.assign(addresses, await this.#start(member, nodes, folder));
    }
    for (let node = 0; node < NODES; node++) {
      for (const step of STEPS) {
        await this.#dial(node, addresses[(node + step) % NODES]!);
      }
    }
    await until(`the ${this.#kind} mesh is ready`, async () => {
      const waiting = NODES - (await this.#ready());
      return waiting === 0 ? null : `${waiting} of ${NODES} nodes lack peers or their sessions`;
    });
    // Some heartbeats for gossip to choose its links.
    await pause(3_000);
  }

  /** On a busy machine a handshake may time out. */
  async #dial(node: number, address: string): Promise<void> {
    await until(`a node of the ${this.#kind} mesh has dialled ${address}`, async () => {
      try {
        await this.#at(node).call('dial', { node, address });
        return null;
      } catch (error) {
        return (error as Error).message.split('\n')[0]!;
      }
    });
  }

  #start(member: Member, nodes: readonly number[], folder: string): Promise<object> {
    return member.call('start', { kind: this.#kind, nodes, folder: join(folder, this.#kind) });
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

  /** Nodes that have their peers. */
  async #ready(): Promise<number> {
    const ready = await Promise.all(
      this.#crew.map((member) => member.call<number>('ready', DEGREE)),
    );
    return ready.reduce((sum, count) => sum + count, 0);
  }

  #at(node: number): Member {
    return this.#crew[node % PROCESSES]!;
  }
}
