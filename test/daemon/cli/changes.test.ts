import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { until } from '../../e2e/support/mesh.ts';
import { openStation, run, type Station } from './terminal.ts';

const EPOCH = '0123456789abcdef';

describe('rangemesh changes', () => {
  let station: Station;

  before(async () => {
    station = await openStation();
  });
  after(() => station.close());
  beforeEach(async () => {
    station.node.items.clear();
    station.node.feed.entries.length = 0;
    for (let i = 0; i < 3; i++) await station.node.put(new Uint8Array([i]), 1n);
  });

  it('prints the entries behind a place as lines of JSON', async () => {
    for (const since of ['1', `${EPOCH}-1`]) {
      const ran = await run(['changes', '--since', since, '--payloads', ...station.target]);
      assert.equal(ran.exitCode, 0, ran.stderr);
      const shown = ran.json().map(({ epoch, seq, payload }) => [epoch, seq, payload]);
      assert.deepEqual(shown, [
        [EPOCH, 2, 'AQ=='],
        [EPOCH, 3, 'Ag=='],
      ]);
    }
  });

  it('says that the place is of another epoch, and begins anew', async () => {
    const ran = await run(['changes', '--since', `${'0'.repeat(16)}-9`, ...station.target]);
    const [reset, ...entries] = ran.json();
    assert.deepEqual(reset, { reset: { epoch: EPOCH } });
    assert.equal(entries.length, 3);
  });

  it('follows until it is asked to stop', async () => {
    let stop: (reason: string) => void = () => undefined;
    const onStop = (listener: (reason: string) => void) => {
      stop = listener;
      return () => undefined;
    };
    const { feed } = station.node;
    const running = run(['changes', '--follow', ...station.target], { onStop });
    const waits = () =>
      until(
        async () => [feed.listeners, feed.reads] as const,
        ([listeners]) => listeners === 1,
      );
    const [, before] = await waits();
    await station.node.put(new Uint8Array([9]), 1n);
    await until(
      async () => feed.reads,
      (reads) => reads > before + 1 && feed.listeners === 1,
    );
    stop('SIGINT');
    const { exitCode, json } = await running;
    assert.equal(exitCode, 0);
    assert.deepEqual(
      json().map(({ seq }) => seq),
      [1, 2, 3, 4],
    );
  });
});
