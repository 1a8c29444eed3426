import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { join2, TestMesh, until } from './support/mesh.ts';

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
});
