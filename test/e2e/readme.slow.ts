import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts, shell, workplace } from './support/shell.ts';

const ANY_PORT = { RANGEMESH_ADMIN_PORT: '0' };
const README = fileURLToPath(new URL('../../README.md', import.meta.url));

/** The blocks of commands below a heading of the README, word for word. */
async function commandsOf(heading: string): Promise<string[]> {
  const [, section = ''] = (await readFile(README, 'utf8')).split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands!);
}

/** As a person waits who reads the logs. */
const UNTIL_UP = `
for log in a.log b.log; do until grep -q 'rangemesh is up' $log; do sleep 0.1; done; done
`;

describe('the README', () => {
  it('makes two nodes on one machine equal, with an allow list', async (context) => {
    const [make, use] = await commandsOf('A tour on one machine');
    const folder = await workplace(context);
    const fixed = ['9463', '9464', '9473', '9474'];
    const ports = await freePorts(fixed.length);
    const script = `${make}${UNTIL_UP}${use}wait\n`.replace(/\b94[67][34]\b/g, (port) =>
      String(ports[fixed.indexOf(port)]),
    );
    const out = await shell(context, folder, script, ANY_PORT);
    const [id] = /^[0-9a-f]{64}$/m.exec(out) ?? [];
    assert.match(out, /^yes, in-sync: /m);
    assert.match(out, new RegExp(`^\\d+ ${id} \\d+$`, 'm'));
  });

  it('connects two machines by a pre-shared key', async (context) => {
    const [first, second] = await commandsOf('On two machines');
    const folder = await workplace(context);
    const [port] = await freePorts(1);
    const here = (commands: string, listen: number) =>
      commands
        .replace(/^(rangemesh start .*)$/m, '$1 > $LOG &')
        .replace('/ip4/0.0.0.0/tcp/9463', `/ip4/127.0.0.1/tcp/${listen}`)
        .replace('/dns4/a.example.org/tcp/9463', `/dns4/localhost/tcp/${port}`);
    const script = [
      `mkdir a b; LOG=../a.log; cd a\n${here(first!, port!)}cp mesh.psk ../b`,
      `LOG=../b.log; cd ../b\n${here(second!, 0)}cd ..`,
      UNTIL_UP,
      'echo something | rangemesh put --config a/mesh/rangemesh.yaml',
      'until rangemesh ls --config b/mesh/rangemesh.yaml | grep .; do sleep 0.1; done',
      'kill %1 %2; wait',
    ];
    const out = await shell(context, folder, script.join('\n'), ANY_PORT);
    const [id] = /^[0-9a-f]{64}$/m.exec(out) ?? [];
    assert.match(out, new RegExp(`^\\d+ ${id} 10$`, 'm'));
  });
});
