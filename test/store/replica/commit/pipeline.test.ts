import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pipeline } from '../../../../src/store/replica/commit/testing.ts';
import { settle, VirtualClock } from '../../../support/clock.ts';

describe('a pipeline', () => {
  it('prepares one task ahead of the running one, and confirms it when that one is done', async () => {
    const trial = new Trial();
    for (const name of ['a', 'b', 'c']) trial.run(name);
    await settle();
    assert.deepEqual(trial.log, ['prepare a', 'confirm a', 'carry out a', 'prepare b']);
    trial.finish('a');
    await settle();
    assert.deepEqual(trial.log.slice(4), ['confirm b', 'carry out b', 'prepare c']);
    trial.finish('b');
    await settle();
    assert.deepEqual(trial.log.slice(7), ['confirm c', 'carry out c']);
    trial.finish('c');
    assert.deepEqual(await Promise.all(trial.results), ['a done', 'b done', 'c done']);
  });

  it('prepares an exclusive task only when no other task runs', async () => {
    const trial = new Trial();
    trial.run('a');
    trial.run('b', true);
    trial.run('c');
    await settle();
    assert.deepEqual(trial.log, ['prepare a', 'confirm a', 'carry out a']);
    trial.finish('a');
    await settle();
    assert.deepEqual(trial.log.slice(3), ['prepare b', 'confirm b', 'carry out b', 'prepare c']);
    trial.finish('b');
    await settle();
    trial.finish('c');
    await Promise.all(trial.results);
  });

  it('continues in order after a failure in any step', async () => {
    for (const step of ['prepare', 'confirm', 'carry out']) {
      const trial = new Trial();
      trial.failing = `${step} a`;
      const failures = [trial.run('a')];
      await assert.rejects(failures[0]!, { message: `${step} a` });
      trial.failing = `${step} b`;
      failures.push(trial.run('b'));
      trial.run('c');
      await assert.rejects(failures[1]!, { message: `${step} b` });
      await settle();
      assert.deepEqual(trial.log.slice(-2), ['confirm c', 'carry out c'], `after ${step}`);
      trial.finish('c');
      await trial.pipeline.idle();
    }
  });

  it('carries out the result of the confirmation instead of the preparation', async () => {
    const pipeline = new Pipeline(new VirtualClock());
    const result = await pipeline.run({
      alone: false,
      prepare: () => 'first',
      encode: (staged) => staged,
      confirm: (prepared) => `${prepared} and second`,
      carryOut: async (prepared) => prepared,
    });
    assert.equal(result, 'first and second');
  });

  it('is idle once every task has run or failed', async () => {
    const trial = new Trial();
    trial.run('a');
    trial.run('b').catch(() => undefined);
    trial.failing = 'carry out b';
    let idle = false;
    void trial.pipeline.idle().then(() => {
      idle = true;
    });
    await settle();
    assert.equal(idle, false);
    trial.finish('a');
    await settle();
    assert.equal(idle, true);
  });

  it('rests after five milliseconds of preparing, and only once for them', async () => {
    const clock = new WorkingClock();
    const pipeline = new Pipeline(clock);
    for (let round = 0; round < 2; round++) {
      assert.equal(await rests(clock, pipeline, 4.9), false, 'the work before was rested from');
      assert.equal(await rests(clock, pipeline, 0.1, true), false, 'less than five');
      assert.equal(await rests(clock, pipeline, 0), true, 'preparing that fails takes time too');
    }
  });

  it('rests between the halves of a piece whose first half takes more than two milliseconds', async () => {
    const clock = new WorkingClock();
    const pipeline = new Pipeline(clock);
    const log: string[] = [];
    const half = (name: string, ms: number): void => {
      clock.ms += ms;
      log.push(name);
    };
    const piece = (name: string, first: number, second: number): Promise<void> =>
      pipeline.run({
        alone: false,
        prepare: () => half(`${name} first`, first),
        encode: () => half(`${name} second`, second),
        confirm: () => undefined,
        carryOut: async () => undefined,
      });
    await piece('short', 2, 0);
    assert.deepEqual(log, ['short first', 'short second']);
    const long = piece('long', 2.5, 4.5);
    const next = piece('next', 0, 0);
    await settle();
    assert.deepEqual(log.slice(2), ['long first']);
    await clock.advance(0);
    await Promise.all([long, next]);
    assert.deepEqual(log.slice(3), ['long second', 'next first', 'next second'], 'the rest counts');
  });
});

/** Whether a piece waits for a turn of the event loop, which the clock's timers are, before `ms` of work. */
async function rests(
  clock: WorkingClock,
  pipeline: Pipeline,
  ms: number,
  fails = false,
): Promise<boolean> {
  let prepared = false;
  const prepare = (): void => {
    prepared = true;
  };
  const encode = (): number => {
    clock.ms += ms;
    if (fails) throw new Error('failed');
    return ms;
  };
  const confirm = (given: number): number => given;
  const carryOut = async (given: number): Promise<number> => given;
  const run = pipeline.run({ alone: false, prepare, encode, confirm, carryOut });
  const ended = fails ? assert.rejects(run, /failed/) : run;
  await settle();
  const waited = !prepared;
  await clock.advance(0);
  await ended;
  return waited;
}

/** A clock on which time passes when work is done, also without timers. */
class WorkingClock extends VirtualClock {
  ms = 0;

  override monotonic(): number {
    return this.ms;
  }
}

/** A pipeline whose work the test ends, and all that is done in it. */
class Trial {
  readonly log: string[] = [];
  readonly results: Promise<string>[] = [];
  readonly pipeline = new Pipeline(new VirtualClock());
  /** The step that fails. */
  failing = '';
  readonly #running = new Map<string, () => void>();

  run(name: string, alone = false): Promise<string> {
    const result = this.pipeline.run({
      alone,
      prepare: () => this.#step(`prepare ${name}`),
      encode: () => undefined,
      confirm: () => this.#step(`confirm ${name}`),
      carryOut: async () => {
        this.#step(`carry out ${name}`);
        await new Promise<void>((resolve) => this.#running.set(name, resolve));
        return `${name} done`;
      },
    });
    this.results.push(result);
    return result;
  }

  finish(name: string): void {
    const resolve = this.#running.get(name);
    assert.ok(resolve, `${name} is being carried out`);
    resolve();
  }

  #step(step: string): string {
    if (step === this.failing) throw new Error(step);
    this.log.push(step);
    return step;
  }
}
