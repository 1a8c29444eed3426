import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch } from './support/launcher.ts';
import { TestMesh } from './support/mesh.ts';

const EARLY = fileURLToPath(new URL('./support/stop-as-soon-as-heard.ts', import.meta.url));
const encoder = new TextEncoder();

describe('a daemon', () => {
  it('is alone on its data directory: a second one ends with 75 and says why', async (context) => {
    const mesh = await TestMesh.create(context);
    const first = await mesh.start('a');
    const second = await launch(['start', '--data-dir', mesh.path('a'), '--admin-port', '0']);
    assert.equal(second.code, 75, second.stderr);
    assert.match(
      second.stderr,
      /^rangemesh: The data directory .*a is in use by another rangemesh: stop that one.*\[DATA_DIR_IN_USE\]\n$/,
    );
    assert.equal((await first.client.put(encoder.encode('still up'))).created, true);
  });

  it('takes a configuration in JSON', async (context) => {
    const mesh = await TestMesh.create(context);
    const config = mesh.path('rangemesh.json');
    await writeFile(
      config,
      JSON.stringify({ network: { name: 'in-json' }, log: { level: 'info' } }),
    );
    const { client } = await mesh.start('a', { config });
    assert.equal((await client.status()).network, 'in-json');
  });

  it('that is asked to stop while it loads ends cleanly', async (context) => {
    const mesh = await TestMesh.create(context);
    const args = ['start', '--data-dir', mesh.path('a'), '--admin-port', '0'];
    args.push('--listen', '/ip4/127.0.0.1/tcp/0');
    const moments = [
      ['SIGTERM', '1'],
      ['SIGTERM', '2'],
    ] as const;
    for (const [STOP_SIGNAL, STOP_AT_HANDLER] of moments) {
      const env = { STOP_SIGNAL, STOP_AT_HANDLER, _: 'node' };
      const { code, stderr } = await launch(args, { execArgv: ['--import', EARLY], env });
      assert.deepEqual([code, stderr], [0, ''], `${STOP_SIGNAL} at handler ${STOP_AT_HANDLER}`);
    }
  });
});
