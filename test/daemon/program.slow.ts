import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

/** Takes all descriptors, starts a program, and says how that ended. */
const STARTER = `
import { openSync } from 'node:fs';
import { systemPrograms } from './src/daemon/system/index.ts';
const program = () => systemPrograms.start({
  command: ['/bin/sh', '-c', 'exit 9'],
  directory: '/',
  heard: { output() {}, ended: (reason) => console.log(reason) },
});
await new Promise((ended) => {
  const { kill } = systemPrograms.start({
    command: ['/bin/true'], directory: '/', heard: { output() {}, ended },
  });
});
console.log('ready');
try { for (;;) openSync('/dev/null'); } catch {}
const started = program();
started.write('a question');
started.kill();
program().write('a question');
process.on('exit', (code) => console.log('exit', code));
`;

describe('a program that is started without free descriptors', () => {
  it('has ended, with the reason, and the process lives', async () => {
    const words = [process.execPath, '--input-type=module', '-e', STARTER];
    const { stdout } = await promisify(execFile)('/bin/sh', [
      ...['-c', 'ulimit -n 100; exec "$@"', 'sh'],
      ...words,
    ]);
    assert.deepEqual(stdout.trim().split('\n'), ['ready', 'spawn /bin/sh EMFILE', 'exit 0']);
  });
});
