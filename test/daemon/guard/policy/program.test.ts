import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ItemOrigin } from '../../../../src/daemon/guard/index.ts';
import { FETCHED, HERE, items, PolicyRig, settle } from './support.ts';

const FAILED = 'POLICY_FAILED';

describe('a policy program', () => {
  it('is started with its words in the data directory, and asked one line an item', async () => {
    const rig = await PolicyRig.open({ firstBytes: 2 });
    const { command, directory } = rig.program.init;
    assert.deepEqual([command, directory], [['judge', '-x'], '/data']);
    const [item] = items(1, 7);
    rig.judge([{ ...item!, hint: 2n ** 64n - 1n }], {
      via: 'push',
      peer: 'neighbour',
      publisher: 'author',
    });
    assert.deepEqual(rig.program.lines, [
      {
        n: 0,
        hint: '18446744073709551615',
        id: '07'.repeat(32),
        bytes: 3,
        publisher: 'author',
        peer: 'neighbour',
        via: 'push',
        first: Buffer.from([7, 2]).toString('base64'),
      },
    ]);
  });

  it('answers in any order and in pieces; its reason reaches the client', async () => {
    const rig = await PolicyRig.open();
    const codes = rig.judge(items(3));
    const { program } = rig;
    assert.equal('first' in program.lines[0]!, false);
    program.answer(2, true);
    program.say('{"n":0,"ta');
    program.say('ke":false,"reason":"no cats"}\r\n{"n":1,"take":true,"more":[1]}\n');
    await settle();
    assert.deepEqual(codes, ['POLICY_REFUSED', 'ok', 'ok']);
    const messages = rig.messages(items(2));
    program.answer(3, false, `${'é'.repeat(200)}`);
    program.answer(4, false);
    assert.deepEqual(await messages, [
      `the policy of this node refuses the item: ${'é'.repeat(128)}`,
      'the policy of this node refuses the item',
    ]);
    const { taken, refused, failed, busy, waiting, up } = rig.opened.check.figures;
    assert.deepEqual([taken, refused, failed, busy, waiting, up], [2, 3, 0, 0, 0, true]);
  });

  it('has refusals of items of peers remembered with their origin, but none of puts, nor items without an answer', async () => {
    const rig = await PolicyRig.open();
    rig.judge(items(4), FETCHED);
    for (const [n, reason] of ['no', '', 'no'].entries()) rig.program.answer(n, false, reason);
    rig.program.answer(3, true);
    await settle();
    assert.deepEqual(rig.kept.splice(0), ['1 a no', '2 a ', '3 a no']);
    rig.judge(items(1));
    rig.program.answer(4, false, 'no');
    await settle();
    rig.judge(items(1), FETCHED);
    await rig.clock.advance(1_000);
    assert.deepEqual(rig.kept, []);
  });

  it('is asked one batch at a time, so that little waits in its pipe', async () => {
    const rig = await PolicyRig.open({ batchItems: 2 });
    const codes = rig.judge(items(3));
    rig.judge(items(2, 4));
    assert.equal(rig.program.lines.length, 2);
    rig.program.answer(0, true);
    await settle();
    assert.equal(rig.program.lines.length, 2, 'the batch is not answered yet');
    rig.program.answer(1, true);
    await settle();
    assert.deepEqual(
      rig.program.lines.map(({ hint }) => hint),
      ['1', '2', '3', '4'],
    );
    rig.program.takeAll(2);
    await settle();
    assert.deepEqual(codes, ['ok', 'ok', 'ok']);
    assert.equal(rig.program.lines.length, 5);
  });

  for (const onFailure of ['refuse', 'accept'] as const) {
    it(`that is late is killed, and all that wait are told at once: ${onFailure}`, async () => {
      const rig = await PolicyRig.open({ onFailure, batchItems: 2, timeoutMs: 500 });
      let taking = 0;
      rig.opened.check.onTaking(() => taking++);
      const end = onFailure === 'accept' ? 'ok' : FAILED;
      const codes = rig.judge(items(3));
      rig.program.answer(1, true);
      await rig.clock.advance(499);
      assert.deepEqual(codes, []);
      await rig.clock.advance(1);
      assert.deepEqual(codes, [end, end, end]);
      assert.equal(rig.program.killed, true);
      assert.equal(rig.guard.takesFrom('a'), onFailure === 'accept');
      const later = rig.judge(items(1));
      await settle();
      assert.deepEqual(later, [end], 'nothing waits for the restart');
      assert.equal(taking, 0);
      await rig.clock.advance(1_000);
      assert.equal(rig.programs.length, 2);
      assert.equal(rig.guard.takesFrom('a'), true);
      assert.equal(taking, onFailure === 'refuse' ? 1 : 0, 'where items were refused');
      const again = rig.judge(items(1));
      rig.program.takeAll();
      await settle();
      assert.deepEqual(again, ['ok']);
    });
  }

  it('has the whole time for each batch', async () => {
    const rig = await PolicyRig.open({ batchItems: 1, timeoutMs: 500 });
    const codes = rig.judge(items(2));
    await rig.clock.advance(400);
    rig.program.answer(0, true);
    await rig.clock.advance(400);
    rig.program.answer(1, true);
    await settle();
    assert.deepEqual(codes, ['ok', 'ok']);
    await rig.clock.advance(10_000);
    assert.equal(rig.programs.length, 1);
  });

  const nonsense: Record<string, string> = {
    'no JSON': 'yes\n',
    'an empty line': '\n',
    'bytes that are no text': 'bytes',
    'JSON without a verdict': '{"n":0}\n',
    'a verdict that is no boolean': '{"n":0,"take":1}\n',
    'a reason that is no text': '{"n":0,"take":false,"reason":7}\n',
    'a number that was not asked': '{"n":2,"take":true}\n',
    'a negative number': '{"n":-1,"take":true}\n',
    'no number': '{"n":"0","take":true}\n',
    'an answer given twice': '{"n":0,"take":true}\n{"n":0,"take":true}\n',
    'a line that is too long': `{"n":0,"take":true,"reason":"${'x'.repeat(4_096)}"}\n`,
  };
  for (const [what, words] of Object.entries(nonsense)) {
    it(`that answers ${what} is killed, and the whole batch ends`, async () => {
      const rig = await PolicyRig.open();
      const codes = rig.judge(items(2));
      rig.program.say(words === 'bytes' ? new Uint8Array([0xff, 0x0a]) : words);
      await settle();
      assert.deepEqual([codes, rig.program.killed], [[FAILED, FAILED], true]);
      rig.program.takeAll();
      await settle();
      assert.equal(rig.log.length, 1, 'later words of it are not heard');
    });
  }

  it('that speaks unasked is killed', async () => {
    const rig = await PolicyRig.open();
    rig.program.say('{"n":0,"take":true}\n');
    assert.equal(rig.program.killed, true);
    const { code, reason } = rig.log[0]!;
    assert.equal(code, FAILED);
    assert.match(`${reason}`, /no answer to an open question: "\{\\"n\\":0/);
  });

  it('that floods without an end of line is killed at its first words too many', async () => {
    const rig = await PolicyRig.open();
    const codes = rig.judge(items(1));
    rig.program.say('x'.repeat(4_096));
    assert.equal(rig.program.killed, false);
    rig.program.say('x');
    await settle();
    assert.deepEqual([codes, rig.program.killed], [[FAILED], true]);
  });

  it('that floods its standard error is killed, and a slow stream of words is none', async () => {
    const rig = await PolicyRig.open();
    const codes = rig.judge(items(1));
    const write = (bytes: number): void => rig.program.init.heard.errorOutput!(bytes);
    write(1_000_000);
    await rig.clock.advance(500);
    write(48_576);
    assert.equal(rig.program.killed, false);
    rig.program.takeAll();
    await rig.clock.advance(9_500);
    write(1_048_576);
    assert.equal(rig.program.killed, false);
    write(1);
    await settle();
    assert.deepEqual([codes, rig.program.killed], [['ok'], true]);
    assert.match(`${rig.log.at(-1)!.reason}`, /standard error within 10 s/);
    write(2_000_000);
    assert.equal(rig.log.length, 1, 'later words of it are not heard');
    await rig.clock.advance(1_000);
    write(1_000_000);
    assert.equal(rig.program.killed, false, 'the next one begins anew');
  });

  it('that cannot be started is tried again, and the daemon goes on', async () => {
    const rig = await PolicyRig.open();
    rig.startError = new Error('spawn EMFILE');
    rig.program.init.heard.ended('it ended with exit code 9');
    await rig.clock.advance(1_000);
    assert.equal(rig.opened.check.figures.up, false);
    assert.match(`${rig.log.at(-1)!.reason}`, /cannot be started: spawn EMFILE/);
    rig.startError = null;
    await rig.clock.advance(2_000);
    assert.deepEqual([rig.programs.length, rig.opened.check.figures.up], [2, true]);
  });

  it('that dies amid a batch is started again, later each time, and sooner once it answers', async () => {
    const rig = await PolicyRig.open();
    const die = async (pauseMs: number): Promise<void> => {
      const codes = rig.judge(items(2));
      rig.program.errorOutput = 'out of luck';
      rig.program.init.heard.ended('it ended with exit code 3');
      await settle();
      assert.deepEqual(codes, [FAILED, FAILED]);
      assert.deepEqual(
        [rig.log.at(-1)?.reason, rig.log.at(-1)?.errorOutput, rig.log.at(-1)?.pauseMs],
        ['it ended with exit code 3', 'out of luck', pauseMs],
      );
      const before = rig.programs.length;
      await rig.clock.advance(pauseMs - 1);
      assert.equal(rig.programs.length, before);
      await rig.clock.advance(1);
      assert.equal(rig.programs.length, before + 1);
    };
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      await die(pauseMs);
    }
    rig.judge(items(1));
    rig.program.takeAll();
    await settle();
    await die(1_000);
  });

  it('refuses at once where too many wait, but never a call that is alone, nor fetched items', async () => {
    const rig = await PolicyRig.open({ maxWaiting: 4 });
    const alone = rig.judge(items(5));
    const [busy, fetched] = [rig.judge(items(1)), rig.judge(items(2), FETCHED)];
    await settle();
    assert.deepEqual([alone, busy, fetched], [[], ['POLICY_BUSY'], []]);
    assert.equal(rig.opened.check.figures.waiting, 7);
    rig.program.takeAll();
    await settle();
    rig.program.takeAll(5);
    await settle();
    assert.deepEqual([alone.length, fetched], [5, ['ok', 'ok']]);
    rig.judge(items(3));
    const [last, tooMany] = [rig.judge(items(1)), rig.judge(items(1))];
    await settle();
    assert.deepEqual([last, tooMany], [[], ['POLICY_BUSY']], 'four may wait, a fifth may not');
    assert.equal(rig.opened.check.figures.busy, 2);
  });

  it('asks for refused items of peers once nothing waits any more, later each time', async () => {
    const rig = await PolicyRig.open({ maxWaiting: 1, timeoutMs: 1_000_000 });
    let taking = 0;
    rig.opened.check.onTaking(() => taking++);
    const pushed = { via: 'push', peer: 'a', publisher: 'b' } as const;
    const overfill = async (origin: ItemOrigin) => {
      rig.judge(items(1));
      const busy = rig.judge(items(1, 2), origin);
      await settle();
      assert.deepEqual(busy, ['POLICY_BUSY']);
    };
    let answered = 0;
    const answer = async () => {
      rig.program.takeAll(answered);
      answered = rig.program.lines.length;
      await settle();
    };
    await overfill(pushed);
    await rig.clock.advance(20_000);
    assert.equal(taking, 0, 'questions still wait');
    await answer();
    await rig.clock.advance(20_000);
    assert.equal(taking, 1);
    await overfill(pushed);
    await answer();
    await rig.clock.advance(20_000);
    assert.equal(taking, 1, 'the pause has grown');
    await rig.clock.advance(20_000);
    assert.equal(taking, 2);
    await overfill(HERE);
    await answer();
    await rig.clock.advance(1_000_000);
    assert.equal(taking, 2, 'a client asks again by itself');
    await overfill(pushed);
    await answer();
    await rig.clock.advance(2_000);
    assert.equal(taking, 3, 'after a quiet time the first pause is short');
    await overfill(pushed);
    await answer();
    rig.opened.stop();
    assert.equal(rig.clock.pending, 0);
  });

  it('ends with the daemon, and what waits is told', async () => {
    const rig = await PolicyRig.open();
    const codes = rig.judge(items(1));
    rig.opened.stop();
    await settle();
    assert.deepEqual([codes, rig.program.killed], [[FAILED], true]);
    rig.program.init.heard.ended('it ended with SIGKILL');
    await rig.clock.advance(120_000);
    assert.deepEqual([rig.programs.length, rig.clock.pending], [1, 0]);
  });

  it('that failed is not started again after the daemon has stopped', async () => {
    const rig = await PolicyRig.open();
    rig.program.init.heard.ended('it ended with exit code 1');
    rig.opened.stop();
    await rig.clock.advance(120_000);
    assert.equal(rig.programs.length, 1);
  });
});
