import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { cleanUp } from '../support/clean-up.ts';
import { runExample, startExample } from './support.ts';

const CONFIG = fileURLToPath(new URL('../../config', import.meta.url));

describe('the example websocket', () => {
  it('names the files that one folder alone has, and serves on after a bad peer', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'rangemesh-websocket-'));
    cleanUp(context, () => rm(folder, { recursive: true, force: true }));
    await cp(CONFIG, folder, { recursive: true });
    await writeFile(join(folder, 'docker.yaml'), 'another content');
    await writeFile(join(folder, 'demo', 'mine.yaml'), 'a new file');
    const server = startExample(context, 'websocket', ['serve', CONFIG, '--port', '0']);
    const [url] = /ws:\S+/.exec(await server.line(/serving/))!;
    const bad = new WebSocket(url);
    bad.on('open', () => bad.send('neither role nor frame'));
    await server.line(/a session failed/);
    const compared = await runExample(context, 'websocket', ['compare', folder, '--url', url]);
    const lines = compared.stdout.split('\n');
    assert.deepEqual(lines.filter((line) => line.startsWith('here')).sort(), [
      'here demo/mine.yaml',
      'here docker.yaml',
    ]);
    assert.match(lines.at(-1)!, /^2 files are here alone, 1 there alone$/);
    assert.equal(compared.code, 3);
    const same = await runExample(context, 'websocket', ['compare', CONFIG, '--url', url]);
    assert.equal(`${same.stdout} ${same.code}`, '0 files are here alone, 0 there alone 0');
    assert.equal((await server.kill('SIGTERM')).code, 0, 'it ends in order');
  });
});
