import { closeSync, cpSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { VerifyProblem } from '../../src/store/index.ts';
import { SeededRandom } from '../support/random.ts';
import { Child } from './child-process.ts';
import { DAMAGES, type DamageKind, damage } from './damage.ts';
import type { Findings, Order } from './messages.ts';

export interface RoundsInit {
  /** Empty, and the caller's to remove. */
  directory: string;
  seed: number;
  /** Most new items in one round. @default 2_500 */
  itemsPerRound?: number;
  /** Every so many rounds the directory is damaged too. @default 5 */
  damageEvery?: number;
  /** Kinds of damage, in turn. @default all */
  damages?: readonly DamageKind[];
}

export interface RoundResult {
  readonly round: number;
  /** What was cut off by the kill. */
  readonly work: Order['do'];
  readonly damage: string | null;
  /** What the replica said when LevelDB itself could not read its files. */
  readonly unreadable: string | null;
  readonly acknowledged: number;
  readonly findings: Findings | null;
  /** What went wrong; null when nothing did. */
  readonly failure: string | null;
}

/** What goes on when the kill comes. */
const WORK: readonly Order['do'][] = ['ingest', 'ingest', 'close', 'ingest', 'rebuild', 'migrate'];

/** Milliseconds within which the kill comes. */
const KILL_WITHIN_MS = { ingest: 700, close: 30, rebuild: 400, migrate: 600 } as const;

/** Kills a replica's process again and again on the same directory, and looks what is left. */
export class Rounds {
  readonly #init: Required<RoundsInit>;
  readonly #random: SeededRandom;
  readonly #acknowledged = new Set<number>();
  #offered = 0;
  #round = 0;
  #damages = 0;
  #child: Child | null = null;

  constructor(init: RoundsInit) {
    this.#init = { itemsPerRound: 2_500, damageEvery: 5, damages: DAMAGES, ...init };
    this.#random = new SeededRandom(init.seed);
    mkdirSync(this.#data);
    writeFileSync(this.#path('acknowledged'), '');
  }

  /** One kill, and what a fresh process finds afterwards. */
  async next(): Promise<RoundResult> {
    const round = ++this.#round;
    const damaging = round % this.#init.damageEvery === 1 % this.#init.damageEvery;
    const work = damaging ? 'ingest' : WORK[this.#below(WORK.length)]!;
    let damaged: string | null = null;
    let unreadable: string | null = null;
    let findings: Findings | null = null;
    let failure: string | null = null;
    try {
      await this.#work(work);
      if (damaging) damaged = this.#damage();
      let found = await this.#look(damaging);
      if (typeof found === 'string' && damaged !== null && MAY_REFUSE.test(damaged)) {
        unreadable = found;
        this.#restore();
        found = await this.#look();
      }
      if (typeof found === 'string') throw new Error(found);
      findings = found;
      failure = judge({ findings, work, damaged: damaging && unreadable === null });
      if (findings.stillProblems.some(isLeftOver)) await this.#goBack();
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      await this.#startOver(damaging);
    }
    const acknowledged = this.#acknowledged.size;
    return { round, work, damage: damaged, unreadable, acknowledged, findings, failure };
  }

  /** A table that is broken stays so: what comes of it later is no matter of the rounds to come. */
  async #goBack(): Promise<void> {
    await this.#child?.kill();
    this.#restore();
    await this.#look();
  }

  /** After a failure: the next round is not to stumble over this one's damage. */
  async #startOver(damaged: boolean): Promise<void> {
    await this.close();
    this.#child = null;
    if (damaged) this.#restore();
  }

  /** Ends the child that is still there. */
  async close(): Promise<void> {
    await this.#child?.kill().catch(() => undefined);
  }

  async #work(work: Order['do']): Promise<void> {
    if (this.#child === null) await this.#look();
    const child = this.#child!;
    this.#child = null;
    child.order(this.#order(work));
    await child.next('begun');
    await pause(this.#below(KILL_WITHIN_MS[work]));
    await child.kill();
  }

  #order(work: Order['do']): Order {
    if (work === 'rebuild' || work === 'migrate') return { do: work };
    const { itemsPerRound: count } = this.#init;
    const batch = { first: this.#offered, count, seed: this.#below(2 ** 31) };
    this.#offered += count;
    if (work === 'ingest') return { do: work, ...batch };
    return { do: work, ...batch, closeAfterMs: 20 + this.#below(200) };
  }

  /** What a fresh process finds; what it says when LevelDB cannot read the files. */
  async #look(scrub = false): Promise<Findings | string> {
    this.#writeAcknowledged();
    const start = {
      directory: this.#data,
      witness: this.#path('witness'),
      acknowledged: this.#path('acknowledged'),
      offered: this.#offered,
      scrub,
    };
    const child = new Child(start, (numbers) => {
      for (const number of numbers) this.#acknowledged.add(number);
    });
    this.#child = child;
    const answer = await child.next('found', 'refused');
    if (answer.event === 'found') return answer.findings;
    this.#child = null;
    await child.kill();
    if (answer.code === 'STORE_CORRUPT' && answer.message.length > 20) return answer.message;
    throw new Error(`the replica does not open: ${answer.code} ${answer.message}`);
  }

  #damage(): string | null {
    const { damages } = this.#init;
    rmSync(this.#path('copy'), { recursive: true, force: true });
    cpSync(this.#data, this.#path('copy'), { recursive: true });
    const kind: DamageKind = damages[this.#damages++ % damages.length]!;
    const done = damage(this.#data, kind, this.#random);
    return done && `${kind}: ${done}`;
  }

  /** Does what the sentence of the replica asks for: restores the directory from a copy. */
  #restore(): void {
    rmSync(this.#data, { recursive: true });
    cpSync(this.#path('copy'), this.#data, { recursive: true });
  }

  #writeAcknowledged(): void {
    const file = openSync(this.#path('acknowledged'), 'w');
    writeSync(file, Uint8Array.from(new Uint8Array(Uint32Array.from(this.#acknowledged).buffer)));
    closeSync(file);
  }

  get #data(): string {
    return this.#path('data');
  }

  #path(name: string): string {
    return join(this.#init.directory, name);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }
}

/** Damage after which LevelDB does not know its own tables any more: everything else must be opened. */
const MAY_REFUSE = /^flip-(manifest|current)/;

/** A part of a table that cannot be read, when all that was in it was replaced. */
function isLeftOver({ code, message }: VerifyProblem): boolean {
  return code === 'UNREADABLE' || (code === 'INDEX' && message.startsWith('LevelDB cannot read'));
}

/** What of the findings is not as it must be. */
function judge(round: { findings: Findings; work: Order['do']; damaged: boolean }): string | null {
  const { findings, work, damaged } = round;
  const { lost, stillLost, problems, stillProblems, incidents, needsRefill } = findings;
  const loud = needsRefill || incidents.length > 0;
  if (stillLost.length > 0) return `${stillLost.length} items are lost for good`;
  const amiss = stillProblems.find((problem) => !(damaged && isLeftOver(problem)));
  if (amiss !== undefined) return `not clean at the end: ${amiss.message}`;
  if (lost.length > 0 && !loud) return `${lost.length} items are lost, and no report says so`;
  // LevelDB takes no write any more once its compaction has met what was damaged, whenever that may be.
  const repaired = damaged && incidents.includes('DATABASE_REPAIRED');
  const rebuilds = incidents.filter((code) => code === 'INDEX_REBUILT').length;
  if (rebuilds > (repaired ? 2 : 1)) return `rebuilt ${rebuilds} times`;
  if (incidents.includes('WRITE_FAILED') && !repaired) return 'a write failed';
  if (damaged) return null;
  if (problems.length > 0) return `not clean: ${problems[0]!.code} ${problems[0]!.message}`;
  if (lost.length > 0) return `${lost.length} acknowledged items are lost`;
  const quiet = work === 'ingest' || work === 'close';
  return quiet && loud ? `incidents without a cause: ${incidents.join()}` : null;
}
