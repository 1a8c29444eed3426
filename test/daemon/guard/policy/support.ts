import assert from 'node:assert/strict';
import { type Logger, pino } from 'pino';
import { guardOf, type ItemGuard, type ItemOrigin } from '../../../../src/daemon/guard/index.ts';
import { DEFAULT_POLICY_OPTIONS } from '../../../../src/daemon/guard/options.ts';
import {
  type OpenedPolicy,
  type OpenPolicyInit,
  openPolicy,
} from '../../../../src/daemon/guard/policy/index.ts';
import type { Program, ProgramInit, Programs } from '../../../../src/daemon/system/index.ts';
import type { Item } from '../../../../src/store/index.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';

export const HERE: ItemOrigin = { via: 'http', peer: null, publisher: null };
export const FETCHED: ItemOrigin = { via: 'fetch', peer: 'a', publisher: null };

export function items(count: number, first = 1): Item[] {
  return Array.from({ length: count }, (_, i) => ({
    hint: BigInt(first + i),
    id: new Uint8Array(32).fill(first + i),
    payload: new Uint8Array([first + i, 2, 3]),
  }));
}

/** A program under the hands of a test. */
export class HandProgram implements Program {
  readonly init: ProgramInit;
  readonly lines: Record<string, unknown>[] = [];
  killed = false;
  errorOutput: string = '';

  constructor(init: ProgramInit) {
    this.init = init;
  }

  write(text: string): void {
    assert.ok(text.endsWith('\n'));
    for (const line of text.trimEnd().split('\n')) this.lines.push(JSON.parse(line));
  }

  kill(): void {
    this.killed = true;
  }

  /** Says these words as they are. */
  say(text: string | Uint8Array): void {
    this.init.heard.output(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  }

  answer(n: unknown, take: boolean, reason?: string): void {
    this.say(`${JSON.stringify({ n, take, reason })}\n`);
  }

  /** Takes the items of all lines from `from` on. */
  takeAll(from = 0): void {
    for (const { n } of this.lines.slice(from)) this.answer(n, true);
  }
}

export class PolicyRig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly programs: HandProgram[] = [];
  readonly log: Record<string, unknown>[] = [];
  readonly logger: Logger = pino(
    { base: null },
    { write: (line: string) => this.log.push(JSON.parse(line)) },
  );
  /** Hints, sources and reasons of refusals that are remembered. */
  readonly kept: string[] = [];
  /** Thrown by each start. */
  startError: Error | null = null;
  opened!: OpenedPolicy;
  guard!: ItemGuard;

  /** With a program, or with the module `decide`. */
  static async open(
    options: Partial<OpenPolicyInit['policy']> = {},
    decide?: unknown,
  ): Promise<PolicyRig> {
    const rig = new PolicyRig();
    const policy = {
      ...DEFAULT_POLICY_OPTIONS,
      ...(decide === undefined
        ? { command: ['judge', '-x'], module: null }
        : { command: [], module: '/m.js' }),
      ...options,
    };
    const { clock, logger } = rig;
    const programs: Programs = {
      start(init) {
        if (rig.startError !== null) throw rig.startError;
        const program = new HandProgram(init);
        rig.programs.push(program);
        return program;
      },
      load: async () => ({ default: decide }),
    };
    const refusals: OpenPolicyInit['refusals'] = {
      async note(items) {
        for (const { hint, source, reason } of items) rig.kept.push(`${hint} ${source} ${reason}`);
      },
    };
    const rest = { directory: '/data', clock, logger, refusals };
    const opened = await openPolicy({ policy, programs, ...rest });
    assert.ok(opened !== null);
    rig.opened = opened;
    rig.guard = guardOf([opened.check]);
    return rig;
  }

  /** The program that runs. */
  get program(): HandProgram {
    return this.programs.at(-1)!;
  }

  /** The codes of the verdicts, `ok` for items that are taken; filled once they are there. */
  judge(some: readonly Item[], origin: ItemOrigin = HERE): string[] {
    const codes: string[] = [];
    void this.guard
      .judge(some, origin)!
      .then((verdicts) => codes.push(...verdicts.map((refusal) => refusal?.code ?? 'ok')));
    return codes;
  }

  async messages(
    some: readonly Item[],
    origin: ItemOrigin = HERE,
  ): Promise<(string | undefined)[]> {
    return (await this.guard.judge(some, origin)!).map((refusal) => refusal?.message);
  }
}

export { settle };
