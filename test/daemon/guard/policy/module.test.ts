import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_POLICY_OPTIONS } from '../../../../src/daemon/guard/options.ts';
import type { PolicyQuestion } from '../../../../src/daemon/guard/policy/index.ts';
import { openPolicy } from '../../../../src/daemon/guard/policy/index.ts';
import { FETCHED, items, PolicyRig, settle } from './support.ts';

describe('a policy module', () => {
  it('is asked in batches, and answers by booleans or with reasons, at once or later', async () => {
    const asked: (readonly PolicyQuestion[])[] = [];
    const rig = await PolicyRig.open({ firstBytes: 1, batchItems: 2 }, (some: PolicyQuestion[]) => {
      asked.push(some);
      const answers = some.map(({ hint }) => hint !== 2n || { take: false, reason: 'even' });
      return asked.length === 1 ? answers : Promise.resolve(answers);
    });
    assert.deepEqual(await rig.messages(items(3), FETCHED), [
      undefined,
      'the policy of this node refuses the item: even',
      undefined,
    ]);
    assert.deepEqual(
      asked.map((batch) => batch.length),
      [2, 1],
    );
    assert.deepEqual(asked[1]![0], {
      ...{ hint: 3n, id: '03'.repeat(32), bytes: 3, publisher: null, peer: 'a', via: 'fetch' },
      first: new Uint8Array([3]),
    });
  });

  it('cannot change a payload', async () => {
    const rig = await PolicyRig.open({ firstBytes: 3 }, ([question]: PolicyQuestion[]) => {
      question!.first.fill(0);
      return [true];
    });
    const [item] = items(1);
    await rig.guard.judge([item!], FETCHED);
    assert.deepEqual(item!.payload, new Uint8Array([1, 2, 3]));
  });

  const faults: Record<string, () => unknown> = {
    throws: () => assert.fail('broken'),
    rejects: () => Promise.reject('broken'),
    'returns nothing': () => undefined,
    'returns too few answers': () => [true],
    'returns an answer that is none': () => [true, 'yes'],
  };
  for (const [what, decide] of Object.entries(faults)) {
    it(`that ${what} has failed for this batch, and is asked again`, async () => {
      let broken = true;
      const rig = await PolicyRig.open({}, (some: unknown[]) =>
        broken ? decide() : some.map(() => true),
      );
      const codes = rig.judge(items(2));
      await settle();
      assert.deepEqual(codes, ['POLICY_FAILED', 'POLICY_FAILED']);
      assert.deepEqual([rig.log.length, rig.log[0]?.code], [1, 'POLICY_FAILED']);
      broken = false;
      const again = rig.judge(items(1));
      await settle();
      assert.deepEqual(again, ['ok']);
      assert.equal(rig.clock.pending, 0);
    });
  }

  it('that fails for a batch of a peer is asked for its items again a little later', async () => {
    for (const [onFailure, times] of [
      ['refuse', 1],
      ['accept', 0],
    ] as const) {
      const rig = await PolicyRig.open({ onFailure }, () => assert.fail('broken'));
      let taking = 0;
      rig.opened.check.onTaking(() => taking++);
      rig.judge(items(1));
      await rig.clock.advance(20_000);
      assert.equal(taking, 0, 'a client asks again by itself');
      rig.judge(items(1), FETCHED);
      await rig.clock.advance(20_000);
      assert.equal(taking, times);
    }
  });

  it('that does not settle is late, and is not called again until it has settled', async () => {
    const calls: PromiseWithResolvers<boolean[]>[] = [];
    const rig = await PolicyRig.open({ timeoutMs: 100 }, () => {
      calls.push(Promise.withResolvers());
      return calls.at(-1)!.promise;
    });
    let taking = 0;
    rig.opened.check.onTaking(() => taking++);
    const [first, second] = [rig.judge(items(1)), rig.judge(items(1))];
    await rig.clock.advance(100);
    assert.deepEqual([first, second], [['POLICY_FAILED'], ['POLICY_FAILED']]);
    const third = rig.judge(items(1));
    await settle();
    assert.deepEqual(
      [third, calls.length, rig.guard.takesFrom('a')],
      [['POLICY_FAILED'], 1, false],
    );
    assert.equal(taking, 0);
    calls[0]!.resolve([true]);
    await settle();
    assert.equal(taking, 1);
    const fourth = rig.judge(items(1));
    calls[1]!.resolve([true]);
    await settle();
    assert.deepEqual([fourth, rig.guard.takesFrom('a'), taking], [['ok'], true, 1]);
  });
});

describe('a policy module that is stopped during a late call', () => {
  it('stays down once the call has settled', async () => {
    const call = Promise.withResolvers<boolean[]>();
    const rig = await PolicyRig.open({ timeoutMs: 100 }, () => call.promise);
    rig.opened.check.onTaking(() => assert.fail('nothing is taken any more'));
    rig.judge(items(1));
    await rig.clock.advance(100);
    rig.opened.stop();
    call.resolve([true]);
    await settle();
    assert.equal(rig.guard.takesFrom('a'), false);
  });
});

describe('a policy that cannot be', () => {
  const policy = { ...DEFAULT_POLICY_OPTIONS, command: [], module: '/m.js' };
  const rest = async () => {
    const { clock, logger } = await PolicyRig.open();
    return { directory: '/', clock, logger, refusals: { note: () => assert.fail() } };
  };

  it('ends the start with the key at fault', async () => {
    const none = { start: () => assert.fail(), load: async (): Promise<unknown> => ({}) };
    const broken = { ...none, load: () => Promise.reject(new Error('no such file')) };
    const init = { policy, ...(await rest()) };
    for (const [programs, message] of [
      [none, /policy\.module: \/m\.js must have a function as its default export/],
      [broken, /policy\.module: \/m\.js cannot be loaded: no such file/],
      [undefined, /policy: this program starts none/],
    ] as const) {
      await assert.rejects(openPolicy({ ...init, programs }), { code: 'CONFIG_INVALID', message });
    }
  });

  it('is none where neither a program nor a module is given', async () => {
    const init = { policy: { ...policy, module: null }, programs: undefined, ...(await rest()) };
    assert.equal(await openPolicy(init), null);
  });
});
