import { bytesToKey } from '../../../src/store/index.ts';
import type { Action, Fault } from './plan.ts';
import type { Swarm } from './swarm.ts';
import type { SwarmNode } from './swarm-node.ts';

/** Longest jump of a wall clock: within what retention bears, and beyond. */
const JUMP_MS = 7_200_000;

/** Lets the faults of a plan happen, and ends each in time. */
export class Faults {
  readonly #swarm: Swarm;

  constructor(swarm: Swarm) {
    this.#swarm = swarm;
  }

  happen(action: Action & { readonly do: Fault }): void {
    const { do: kind, where, forMs, part } = action;
    this.#swarm.report.note(`${action.at} fault ${kind} ${where} for ${forMs} ${part.toFixed(3)}`);
    const { links, nodes } = this.#swarm;
    if (kind === 'partition') this.#part(action);
    else if (kind === 'cut' || kind === 'slow' || kind === 'oneway') {
      const link = links[where % links.length];
      if (link !== undefined) this.#ofLink(kind, link, action);
    } else this.#ofNode(kind, nodes[where % nodes.length]!, action);
  }

  #part(action: Action): void {
    const { links } = this.#swarm;
    const side = (node: number): boolean => ((action.where >> (node % 30)) & 1) === 1;
    const parted = links.filter(({ planned: { ends } }) => side(ends[0]) !== side(ends[1]));
    for (const { down } of parted) down.add(action);
    this.#swarm.relink();
    this.#later(action, () => {
      for (const { down } of parted) down.delete(action);
      this.#swarm.relink();
    });
  }

  #ofLink(kind: Fault, link: Swarm['links'][number], action: Action): void {
    const { init, planned, down } = link;
    const { part, forMs } = action;
    if (kind === 'cut') {
      down.add(action);
      this.#swarm.relink();
      this.#later(action, () => {
        down.delete(action);
        this.#swarm.relink();
      });
    } else if (kind === 'slow') {
      init.bytesPerMs = 0.1 + part;
      this.#later(action, () => {
        init.bytesPerMs = planned.bytesPerMs;
      });
    } else {
      init.moreMs = part < 0.5 ? [forMs, 0] : [0, forMs];
      this.#later(action, () => {
        init.moreMs = [0, 0];
      });
    }
  }

  #ofNode(kind: Fault, node: SwarmNode, action: Action): void {
    const { part } = action;
    const { gossip } = node.node ?? {};
    if (kind === 'gossip' && gossip) {
      gossip.loses = () => this.#swarm.random.fraction() < part;
      this.#later(action, () => {
        gossip.loses = () => false;
      });
    } else if (kind === 'write') {
      node.disk.fault = part < 0.5 ? 'lost' : 'landed';
      node.disk.refusals = Math.floor((part * 10) % 3);
    } else if (kind === 'full' || kind === 'readonly') {
      const set = kind === 'full' ? node.fill.bind(node) : node.lock.bind(node);
      set(true);
      this.#later(action, () => set(false));
    } else if (kind === 'clock') {
      node.aheadMs = node.planned.aheadMs + (2 * part - 1) * JUMP_MS * (part < 0.3 ? 1 : 0.001);
      this.#later(action, () => {
        node.aheadMs = node.planned.aheadMs;
      });
    } else if (node.node !== null) this.#ofRun(kind, node, action);
  }

  #ofRun(kind: Fault, node: SwarmNode, action: Action): void {
    const { part } = action;
    const swarm = this.#swarm;
    const again = (): void => {
      if (node.node === null && node.down) swarm.start(node);
    };
    if (kind === 'restart') swarm.stop(node, () => this.#later(action, again));
    else if (kind === 'crash') {
      const when = (['before', 'during', 'after'] as const)[Math.floor(3 * part)]!;
      const cut = (): void => {
        swarm.kill(node, (7 * part) % 1);
        this.#later(action, again);
      };
      node.disk.crash = { when, cut };
    } else {
      swarm.kill(node, part);
      if (kind === 'spoil') this.#spoil(node, part);
      if (kind === 'damage') this.#damage(node, part);
      this.#later(action, again);
    }
  }

  /** Another payload in place of one that some other node holds for certain. */
  #spoil(node: SwarmNode, part: number): void {
    const { nodes } = this.#swarm;
    const isSafe = (key: string): boolean =>
      nodes.some(
        ({ id, history }) => id !== node.id && history.held.has(key) && !history.excused.has(key),
      );
    const payloads = [...node.disk.records].filter(([key, value]) => {
      if (!isOf(key, 'p') || value.length === 0) return false;
      return isSafe(bytesToKey(key.slice(-32)));
    });
    const chosen = payloads[Math.floor(part * payloads.length)];
    if (chosen === undefined) return;
    const [key, value] = chosen;
    node.history.excused.add(bytesToKey(key.slice(-32)));
    node.disk.spoil(
      key,
      value.map((byte) => byte ^ 1),
    );
  }

  /** A node of the index, or its root, is gone. */
  #damage(node: SwarmNode, part: number): void {
    const records = [...node.disk.records].filter(([key]) =>
      ['n', 's', 'm'].some((letter) => isOf(key, letter)),
    );
    const chosen = records[Math.floor(part * records.length)];
    if (chosen === undefined) return;
    node.damaged = true;
    node.disk.ruin(chosen[0]);
  }

  /** When a fault is over: no fault outlives the active time. */
  #later({ forMs }: Action, end: () => void): void {
    const { clock, plan } = this.#swarm;
    const left = Math.max(0, plan.activeMs - clock.monotonic());
    clock.after(Math.min(forMs, left), end);
  }
}

function isOf(key: Uint8Array, letter: string): boolean {
  return String.fromCharCode(...key.subarray(0, 5)) === `set/${letter}`;
}
