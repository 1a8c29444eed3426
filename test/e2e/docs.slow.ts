import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { blocksOf, docPages } from '../support/doc-pages.ts';
import { freePorts, shell, workplace } from './support/shell.ts';

/** `init` without addresses takes the ports of the docs, which are replaced by free ones. */
const WITH_PORTS = `
if [ "$1" = init ]; then
  case " $* " in *' --listen '*) ;; *) set -- "$@" --listen /ip4/127.0.0.1/tcp/$PORT_9463 ;; esac
  case " $* " in *' --admin-port '*) ;; *) set -- "$@" --admin-port $PORT_9464 ;; esac
fi`;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PORTS = /\b9[45]\d\d\b/g;
const NODE = `
rangemesh init node > /dev/null
rangemesh start --config node/rangemesh.yaml > node.log &
echo hello | rangemesh put --config node/rangemesh.yaml > /dev/null
`;
const STOP = 'kill %1; wait\n';
/** By the mark above a block: the commands before it. */
const BEFORE: Readonly<Record<string, string>> = {
  '': '',
  'run: node': NODE,
  'run: stopped node': NODE + STOP,
  'run: node, endless': `${NODE}URL=http://127.0.0.1:$PORT_9464\n`,
};

/** Each command goes on by itself: its first line is enough. */
function firstLines(commands: string): string {
  return commands.replace(/^(.+?)(?: +#.*)?$/gm, 'grep -m 1 . < <($1)');
}

/** As a person waits until the daemon is up. */
function waiting(script: string): string {
  return script.replace(
    /^rangemesh start (--config \S+).*&(?: +#.*)?$/gm,
    '$&\nuntil rangemesh probe live $1 > /dev/null 2>&1; do sleep 0.2; done',
  );
}

describe('the commands of the docs', () => {
  // The README and the page of the admin endpoint have tests of their own.
  const pages = docPages().filter(({ name }) => name.startsWith('docs/'));
  for (const block of pages.flatMap(blocksOf)) {
    const before = BEFORE[block.mark];
    const isCall = block.page === 'docs/api.md' && block.commands.startsWith('curl ');
    if (before === undefined || isCall) continue;
    it(`run: ${block.page}, "${block.title}"`, async (context) => {
      const folder = await workplace(context, WITH_PORTS);
      const found = new Set(['9463', '9464', ...(block.commands.match(PORTS) ?? [])]);
      const free = await freePorts(found.size);
      const ports = new Map([...found].map((port, i) => [port, String(free[i])]));
      const isEndless = block.mark === 'run: node, endless';
      const commands = (isEndless ? firstLines(block.commands) : block.commands)
        .replaceAll('0.0.0.0', '127.0.0.1')
        .replace(PORTS, (port) => ports.get(port)!);
      const env = Object.fromEntries([...ports].map(([port, ours]) => [`PORT_${port}`, ours]));
      await shell(context, folder, waiting(before + commands), env);
    });
  }
});

it('the program that follows the feed in docs/operations-programs.md tells an item', async (context) => {
  const folder = await workplace(context, WITH_PORTS);
  const [mesh, admin] = await freePorts(2);
  const page = await readFile(join(ROOT, 'docs/operations-programs.md'), 'utf8');
  const programs = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, program]) => program!);
  assert.equal(programs.length, 1);
  await writeFile(join(folder, 'follow.mjs'), programs[0]!.replace('9464', String(admin)));
  // As an installed package, with the sources of the clone.
  await mkdir(join(folder, 'node_modules'));
  await symlink(ROOT, join(folder, 'node_modules/rangemesh'));
  const program = `'${process.execPath}' --conditions=rangemesh-source follow.mjs`;
  const script = waiting(NODE) + firstLines(program);
  const env = { PORT_9463: String(mesh), PORT_9464: String(admin) };
  const out = await shell(context, folder, script, env);
  assert.match(out, /^[0-9a-f]+ 1 [0-9a-f]{64}$/m);
});
