import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Notices, type NoticesInit } from '../../../src/daemon/mesh/index.ts';
import { VirtualClock } from '../../support/clock.ts';
import { Log } from './log.ts';

function create(init: Partial<NoticesInit> = {}) {
  const clock = new VirtualClock();
  const log = new Log('debug', clock);
  const notices = new Notices({ clock, logger: log.logger, ...init });
  const say = (remote: string, code = 'X') => notices.say({ code, remote, message: 'm' });
  const levels = () => log.lines.splice(0).map(({ level, repeats }) => [level, repeats]);
  return { clock, notices, say, levels };
}

describe('Notices', () => {
  it('counts repeats between two lines, and logs them once the pause is over', async () => {
    const { clock, say, levels } = create({ repeatMs: 1_000 });
    say('a');
    assert.deepEqual(levels(), [['warn', undefined]]);
    for (let round = 0; round < 2; round++) {
      await clock.advance(999);
      say('a');
      assert.deepEqual(levels(), [], `round ${round}: too soon`);
      await clock.advance(1);
      say('a');
      assert.deepEqual(levels(), [['debug', 2]], `round ${round}`);
    }
  });

  it('tells of each event by its code, also of repeats that are not logged', () => {
    const codes: string[] = [];
    const { say } = create({ noticed: (code) => codes.push(code) });
    say('a');
    say('a');
    say('b', 'Y');
    assert.deepEqual(codes, ['X', 'X', 'Y']);
  });

  it('separates topics and remotes, and forgets all topics of one remote', () => {
    const { notices, say, levels } = create();
    for (const [remote, code] of [
      ['a', 'X'],
      ['a', 'Y'],
      ['b', 'X'],
      ['ba', 'X'],
    ] as const)
      say(remote, code);
    assert.equal(levels().length, 4);
    notices.forget('a');
    say('b');
    say('ba');
    assert.deepEqual(levels(), [], 'b and ba were not forgotten');
    say('a', 'X');
    say('a', 'Y');
    assert.equal(levels().length, 2);
  });

  it('remembers a given number, and drops the least recently used', () => {
    const { say, levels } = create({ maxRemembered: 2 });
    for (const remote of ['a', 'b', 'a', 'b']) say(remote);
    assert.equal(levels().length, 2, 'two are remembered');
    say('a');
    say('c');
    assert.deepEqual(levels(), [['warn', undefined]], 'c takes the place of b');
    say('a');
    assert.deepEqual(levels(), []);
    say('b');
    assert.deepEqual(levels(), [['warn', undefined]]);
  });

  it('remembers 1,024 by default', () => {
    const { say, levels } = create();
    for (let i = 0; i < 1_024; i++) say(`r${i}`);
    levels();
    say('r0');
    assert.deepEqual(levels(), []);
    say('one more');
    say('r1');
    assert.equal(levels().length, 2);
  });
});
