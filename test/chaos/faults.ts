import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DAMAGES, damage } from '../damage/damage.ts';
import type { QuickRandom } from '../support/quick-random.ts';
import { SeededRandom } from '../support/random.ts';
import type { Line } from './line.ts';
import type { Member } from './member.ts';

/** What a fault may touch. */
export interface Scene {
  readonly dice: QuickRandom;
  readonly member: Member;
  /** All lines to and from the member. */
  readonly lines: readonly Line[];
  /** Lets nobody write until another node holds all that this one has; false: that took too long. */
  secured(member: Member): Promise<boolean>;
}

/** Does harm and undoes it; says what it did. */
export type Fault = (scene: Scene) => Promise<string>;

const SKIPPED = 'skipped: its disk is not its own';
/** Jumps of the wall clock. */
const JUMPS_MS = [-3_600_000, -60_000, 60_000, 3_600_000];

export const FAULTS: Readonly<Record<string, Fault>> = {
  async kill({ member, dice }) {
    await member.kill();
    await last(dice);
    await member.start();
    return 'killed and started';
  },

  async stop({ member, dice }) {
    member.signal('SIGSTOP');
    await last(dice);
    member.signal('SIGCONT');
    return 'stood still';
  },

  async partition({ lines, dice }) {
    for (const line of lines) line.cut();
    await last(dice);
    for (const line of lines) line.heal();
    return 'cut off';
  },

  async 'one-line'({ lines, dice }) {
    const line = dice.of(lines);
    line.cut();
    await last(dice);
    line.heal();
    return 'one line cut';
  },

  async delay({ lines, dice }) {
    const ms = 50 + dice.below(400);
    for (const line of lines) line.delayMs = ms;
    await last(dice);
    for (const line of lines) line.heal();
    return `${ms} ms late`;
  },

  async clock({ member, dice }) {
    const ms = dice.of(JUMPS_MS);
    await member.jump(ms);
    await last(dice);
    await member.jump(0);
    return `its clock was ${ms} ms off`;
  },

  async 'disk-full'({ member, dice }) {
    if (!member.disk.isOwn) return SKIPPED;
    const bytes = dice.of([0, 4_096, 2 ** 20]);
    member.disk.fill(bytes);
    await last(dice);
    member.disk.free();
    return `${bytes} bytes were free`;
  },

  async 'read-only'({ member, dice }) {
    if (!member.disk.isOwn) return SKIPPED;
    await member.kill();
    if (!member.disk.makeReadOnly()) throw new Error('the disk could not be made read-only');
    const up = await member.start().then(
      () => true,
      () => false,
    );
    await last(dice);
    await member.kill();
    member.disk.makeWritable();
    await member.start();
    return `its disk took no writes, and it ${up ? 'served' : 'refused to start'}`;
  },

  async damage({ member, dice, secured }) {
    if (!(await secured(member))) return 'skipped: no other node held its items in time';
    await member.kill();
    const random = new SeededRandom(dice.below(2 ** 31));
    const [db, kind] = [join(member.disk.dataDir, 'db'), dice.of(DAMAGES)];
    // A young database has all in its log.
    const done = damage(db, 'table', kind, random) ?? damage(db, 'log', kind, random);
    await member.start();
    return done ?? 'there was nothing to damage';
  },
};

/** How long a fault lasts: one to four seconds. */
async function last(dice: QuickRandom): Promise<void> {
  await pause(1_000 + dice.below(3_000));
}
