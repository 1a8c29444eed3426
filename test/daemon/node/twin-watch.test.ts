import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DaemonError } from '../../../src/daemon/index.ts';
import { TwinWatch } from '../../../src/daemon/node/testing.ts';
import { settle, VirtualClock } from '../../support/clock.ts';

const SELF = '12D3KooWKDozwyqFDfaHRzswAwuLbUuhB52ZvrLijmTzdj8f54Cx';
const OTHER = '12D3KooWJ6ET7PSPDcWtGuwTZjyye8rUM3RTvZ8va1J3uSndGLqg';
const ONE = '/ip4/192.0.2.1/tcp/4001';
const TWO = '/ip4/192.0.2.2/tcp/4001';

/** Who answers at an address, call by call: this node, another peer, or a node with this identity. */
function stage(
  answers: Record<string, readonly string[]>,
  init: { peers?: string[]; announce?: string[] },
) {
  const clock = new VirtualClock();
  const dialled: string[] = [];
  const failed = new Set<string>();
  const announced = new Set<string>();
  const older = Promise.withResolvers<string>();
  const watch = new TwinWatch({
    clock,
    peers: [],
    announce: [],
    ...init,
    mesh: {
      peerId: SELF,
      twins: { older: older.promise },
      discovery: {
        get otherRun() {
          return [...announced];
        },
      },
      dialer: {
        get addresses() {
          return [...failed].map((address) => ({ address, lastError: { code: 'SAME_IDENTITY' } }));
        },
      },
      async probe(address: string, signal: AbortSignal) {
        const answer = answers[address]?.[dialled.filter((one) => one === address).length];
        dialled.push(address);
        await settle();
        if (answer === 'twin') throw new DaemonError('SAME_IDENTITY', 'twin');
        if (answer === undefined)
          return await new Promise<string>((_, reject) => {
            signal.addEventListener('abort', () => reject(new DaemonError('DIAL_FAILED', 'late')));
          });
        return answer;
      },
    } as never,
  });
  let found: DaemonError | null = null;
  void watch.found.then((error) => {
    found = error;
  });
  watch.start();
  return {
    clock,
    dialled,
    failed,
    announced,
    watch,
    introduced: older.resolve,
    found: () => found,
  };
}

/** Both dials of a probe have ended. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await settle();
}

describe('the look for another node with this identity', () => {
  it('finds it at an address of the configuration that names this node, or that this node tells', async () => {
    for (const init of [{ peers: [`${ONE}/p2p/${SELF}`] }, { announce: [ONE] }]) {
      const { clock, found, dialled } = stage({ [ONE]: ['twin', 'twin'] }, init);
      await clock.advance(10);
      await settled();
      assert.equal(found()?.code, 'SAME_IDENTITY');
      assert.equal(found()?.exitCode, 75);
      assert.match(found()!.message, /at \/ip4\/192\.0\.2\.1\/tcp\/4001: the directory is a copy/);
      assert.deepEqual(dialled, [ONE, ONE]);
    }
  });

  it('finds it where a dial of the mesh met it, within 30 seconds', async () => {
    const early = stage({ [ONE]: ['twin', 'twin'] }, {});
    await early.clock.advance(10_000);
    early.failed.add(ONE);
    await early.clock.advance(1_000);
    await settled();
    assert.equal(early.found()?.code, 'SAME_IDENTITY');
    const late = stage({ [ONE]: ['twin', 'twin'] }, {});
    await late.clock.advance(32_000);
    late.failed.add(ONE);
    await late.clock.advance(120_000);
    assert.deepEqual([late.found(), late.dialled, late.clock.pending], [null, [], 0]);
  });

  it('finds it at an address announced under this identity, within two minutes', async () => {
    const { clock, found, announced, dialled } = stage({ [ONE]: Array(4).fill('twin') }, {});
    await clock.advance(110_000);
    announced.add(ONE);
    await clock.advance(1_000);
    await settled();
    await clock.advance(220_000);
    assert.deepEqual([found(), dialled.length], [null, 2], 'it waits twice as long as it is old');
    await clock.advance(5_000);
    await settled();
    assert.equal(found()?.code, 'SAME_IDENTITY');
    const late = stage({ [ONE]: Array(4).fill('twin') }, {});
    await late.clock.advance(121_000);
    late.announced.add(ONE);
    await late.clock.advance(300_000);
    assert.deepEqual([late.dialled, late.clock.pending], [[], 0]);
  });

  it('goes on if the run at an announced address has ended before its wait is over', async () => {
    const { clock, found, announced, dialled } = stage({ [ONE]: ['twin', 'twin'] }, {});
    await clock.advance(20_000);
    announced.add(ONE);
    await clock.advance(300_000);
    await settled();
    assert.deepEqual([found(), dialled.length, clock.pending], [null, 3, 0]);
  });

  it('finds an older run that proved itself through a peer, however late', async () => {
    const { clock, found, introduced } = stage({}, {});
    await clock.advance(60_000);
    introduced(OTHER);
    await settle();
    assert.deepEqual([found()?.code, found()?.exitCode], ['SAME_IDENTITY', 75]);
    assert.match(found()!.message, new RegExp(`connected with peer ${OTHER} as this one is`));
  });

  it('takes this node itself, another peer and silence for no copy', async () => {
    const { clock, found, dialled } = stage(
      { [ONE]: [SELF], [TWO]: [OTHER] },
      { announce: [ONE, TWO, '/ip4/192.0.2.3/tcp/1'], peers: ['/ip4/192.0.2.4/tcp/1'] },
    );
    await clock.advance(60_000);
    await clock.advance(60_000);
    assert.equal(found(), null);
    assert.equal(dialled.length, 3, 'peers without an id are dialled by the mesh alone');
    assert.equal(clock.pending, 0);
  });

  it('takes a single meeting for no copy: it may have been this node', async () => {
    const { clock, found } = stage({ [ONE]: ['twin', SELF] }, { announce: [ONE] });
    await clock.advance(60_000);
    await settled();
    assert.equal(found(), null);
  });

  it('ends with the daemon', async () => {
    const { clock, watch, found, failed, announced, introduced } = stage(
      { [ONE]: ['twin', 'twin'], [TWO]: ['twin', 'twin'] },
      {},
    );
    await clock.advance(20_000);
    announced.add(TWO);
    await clock.advance(1_000);
    await settled();
    watch.stop();
    introduced(OTHER);
    failed.add(ONE);
    await clock.advance(60_000);
    assert.deepEqual([found(), clock.pending], [null, 0]);
  });
});
