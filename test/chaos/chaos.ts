import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { QuickRandom } from '../support/quick-random.ts';
import { NodeDisk } from './disk.ts';
import { FAULTS, type Scene } from './faults.ts';
import { Line } from './line.ts';
import { Member } from './member.ts';

export interface ChaosInit {
  /** Empty, and the caller's to remove. */
  readonly directory: string;
  readonly minutes: number;
  /** Decides the faults; the machine decides what else happens. */
  readonly seed: number;
  readonly nodes: number;
  readonly putsPerSecond: number;
  /** Names of `FAULTS`. */
  readonly faults: readonly string[];
  /** Seconds within which all nodes must be equal after the last fault. */
  readonly convergeSeconds: number;
  readonly onFault: (line: FaultLine) => void;
}

export interface FaultLine {
  readonly second: number;
  readonly node: number;
  readonly fault: string;
  readonly done: string;
}

export interface ChaosResult {
  readonly acknowledged: number;
  readonly refused: number;
  /** By name. */
  readonly faults: Readonly<Record<string, number>>;
  readonly convergedSeconds: number | null;
  /** Sentences; none if all is well. */
  readonly findings: string[];
}

const SECURED_MS = 15_000;
const HAVE_IDS = 5_000;

/** Real daemons over TCP, each line through a proxy, under writes and faults. */
export class Chaos {
  readonly #init: ChaosInit;
  readonly #dice: QuickRandom;
  readonly #members: Member[] = [];
  /** By the numbers of both ends, the lower first. */
  readonly #lines = new Map<string, Line>();
  readonly #counts: Record<string, number> = {};
  #writing = true;
  #over = false;
  #refused = 0;

  constructor(init: ChaosInit) {
    this.#init = init;
    this.#dice = new QuickRandom(`chaos ${init.seed}`);
  }

  async run(): Promise<ChaosResult> {
    const { nodes, minutes } = this.#init;
    for (let number = 0; number < nodes; number++) await this.#join(number);
    const began = performance.now();
    const writing = this.#write();
    while (performance.now() - began < minutes * 60_000) await this.#harm(began);
    const convergedSeconds = await this.#converge();
    this.#over = true;
    await writing;
    return {
      acknowledged: this.#acknowledged().length,
      refused: this.#refused,
      faults: this.#counts,
      convergedSeconds,
      findings: await this.#findings(convergedSeconds),
    };
  }

  async close(): Promise<void> {
    this.#over = true;
    for (const member of this.#members) {
      member.signal('SIGCONT');
      await member.kill();
    }
    for (const line of this.#lines.values()) await line.close();
    for (const { disk } of this.#members) disk.remove();
  }

  /** Starts a node that dials all nodes before it, each through a line of its own. */
  async #join(number: number): Promise<void> {
    const peers: string[] = [];
    for (const other of this.#members) {
      const line = new Line(() => other.port);
      await line.listen();
      this.#lines.set(`${other.number}-${number}`, line);
      peers.push(`/ip4/127.0.0.1/tcp/${line.port}`);
    }
    const disk = new NodeDisk(join(this.#init.directory, `node-${number}`));
    const member = new Member(number, disk, peers);
    this.#members.push(member);
    await member.start();
  }

  /** Puts in turn at all nodes; one that refuses or stands still is no fault. */
  async #write(): Promise<void> {
    const under = new Set<Promise<void>>();
    for (let turn = 0; !this.#over; turn++) {
      await pause(1_000 / this.#init.putsPerSecond);
      if (!this.#writing || under.size >= 64) continue;
      const member = this.#members[turn % this.#members.length]!;
      if (!member.isUp) continue;
      const payload = randomBytes(turn % 100 === 0 ? 40_000 : 1 + (turn % 700));
      const put = member
        .put(payload, BigInt(Date.now()))
        .catch(() => void this.#refused++)
        .finally(() => under.delete(put));
      under.add(put);
    }
    await Promise.all(under);
  }

  async #harm(began: number): Promise<void> {
    const fault = this.#dice.of(this.#init.faults);
    const member = this.#dice.of(this.#members);
    const lines = [...this.#lines]
      .filter(([ends]) => ends.split('-').includes(String(member.number)))
      .map(([, line]) => line);
    const scene: Scene = { dice: this.#dice, member, lines, secured: (one) => this.#secured(one) };
    const second = Math.round((performance.now() - began) / 1_000);
    try {
      const done = await FAULTS[fault]!(scene);
      this.#counts[fault] = (this.#counts[fault] ?? 0) + 1;
      this.#init.onFault({ second, node: member.number, fault, done });
    } catch (cause) {
      throw new Error(`node ${member.number} did not come back from ${fault}`, { cause });
    } finally {
      this.#writing = true;
    }
    await pause(this.#dice.below(1_000));
  }

  async #secured(member: Member): Promise<boolean> {
    this.#writing = false;
    const end = performance.now() + SECURED_MS;
    while (performance.now() < end) {
      const digests = await this.#digests();
      const own = digests[member.number];
      if (own !== null && digests.filter((digest) => digest === own).length > 1) return true;
      await pause(200);
    }
    return false;
  }

  /** Of each set; null where a node does not answer. */
  #digests(): Promise<(string | null)[]> {
    return Promise.all(
      this.#members.map((member) =>
        member.status().then(
          ({ set }) => set.fingerprint,
          () => null,
        ),
      ),
    );
  }

  /** Seconds from now until all sets are equal; null: not in time. */
  async #converge(): Promise<number | null> {
    this.#writing = false;
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1_000;
    while (seconds() < this.#init.convergeSeconds) {
      const digests = await this.#digests();
      if (digests[0] !== null && new Set(digests).size === 1) return Number(seconds().toFixed(1));
      await pause(200);
    }
    return null;
  }

  #acknowledged(): string[] {
    return this.#members.flatMap(({ acknowledged }) => acknowledged);
  }

  async #findings(convergedSeconds: number | null): Promise<string[]> {
    const found: string[] = [];
    if (convergedSeconds === null)
      found.push(`the sets differ ${this.#init.convergeSeconds} s after the last fault`);
    for (const member of this.#members) {
      const name = `node ${member.number}`;
      const lost = await this.#lostAt(member);
      if (lost.length > 0) found.push(`${name} lacks ${lost.length} acknowledged: ${lost[0]}`);
      const { ok, problemCount, problems } = await member.verify();
      if (!ok) found.push(`${name}: ${problemCount} problems: ${JSON.stringify(problems[0])}`);
    }
    return found;
  }

  async #lostAt(member: Member): Promise<string[]> {
    const ids = this.#acknowledged();
    const lost: string[] = [];
    for (let at = 0; at < ids.length; at += HAVE_IDS) {
      const asked = ids.slice(at, at + HAVE_IDS);
      const have = await member.have(asked);
      lost.push(...asked.filter((_, i) => !have[i]));
    }
    return lost;
  }
}
