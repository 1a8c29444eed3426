import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join2, TestMesh, until } from './support/mesh.ts';

/** Loaded by `--import`: the clock of the process is a year behind. */
const YEAR_BEHIND =
  'data:text/javascript,const now = Date.now; Date.now = () => now() - 365 * 86_400_000;';

describe('the clocks of daemons', () => {
  it('are known to each other soon after they connected', async (context) => {
    const mesh = await TestMesh.create(context);
    const args = ['--set', 'network.discovery=false'];
    const [a, b] = [await mesh.start('a', { args }), await mesh.start('b', { args })];
    await join2(a, b);
    for (const { client } of [a, b]) {
      const { peers } = await until(
        () => client.status(),
        (status) => status.peers[0]?.clockOffsetMs != null,
      );
      const [{ clockOffsetMs, clockMeasuredAt, speaks }] = peers as [(typeof peers)[0]];
      assert.ok(Math.abs(clockOffsetMs!) < 60_000, `${clockOffsetMs}`);
      assert.equal(new Date(clockMeasuredAt!).toISOString(), clockMeasuredAt);
      assert.ok(speaks!.dialects.every((dialect) => /^(native|commonware)\//.test(dialect)));
    }
    const { text } = await a.client.send('GET', '/metrics');
    assert.match(text, /^rangemesh_peer_clock_offset_seconds\{peer="12D3/m);
  });

  it('make no verdict in-sync where the slower one hides items: both sides name the other', async (context) => {
    const mesh = await TestMesh.create(context);
    const args = ['network.discovery=false', 'hints.unit=milliseconds'].flatMap((key) => [
      '--set',
      key,
    ]);
    const right = await mesh.start('right', { args });
    const slow = await mesh.start('slow', { args, execArgv: ['--import', YEAR_BEHIND] });
    for (let i = 0; i < 3; i++) await right.client.put(new Uint8Array([i]));
    await join2(slow, right);
    for (const { client } of [right, slow]) {
      const { reason, peers } = await until(
        () => client.status(),
        ({ state }) => state === 'different',
      );
      assert.match(reason, /clock of 12D3\w+ is 31536000 s (ahead|behind).*\[CLOCKS_APART\]$/);
      assert.equal(peers[0]!.inSync, false);
      const answer = await client.send('GET', '/v1/synced');
      assert.match(answer.text, /"synced":false/);
    }
    assert.equal((await slow.client.status()).set.items, 0);
  });
});
