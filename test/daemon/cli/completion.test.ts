import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { run } from './terminal.ts';
import { verbsOf } from './tree.ts';

const execute = promisify(execFile);

function isInstalled(shell: string): boolean {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** How each shell says what it completes: a word a line. The words of the command line follow the script. */
const SHELLS: Record<string, string> = {
  // Bash breaks words at "=", as a line of its own is.
  bash: `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _rangemesh; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // What the functions of zsh would show, without a terminal.
  zsh: `compdef() { : }; _describe() { print -l -- \${(P)@[-1]%%:*} }; _files() { print -l -- *(N) }
    source $1; shift; words=("$@"); CURRENT=$#; _rangemesh || true`,
  fish: `source $argv[1]; complete -C (string join ' ' -- $argv[2..-1]) | string replace -r '\\t.*' ''; true`,
};
const ARGS: Record<string, string[]> = {
  bash: ['--norc', '-c', SHELLS.bash!, 'bash'],
  zsh: ['-f', '-c', SHELLS.zsh!, 'zsh'],
  fish: ['--no-config', '-c', SHELLS.fish!],
};

describe('completion', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rangemesh-completion-'));
    await writeFile(join(folder, 'a photo.jpg'), '');
  });
  after(() => rm(folder, { recursive: true }));

  for (const shell of ['bash', 'zsh', 'fish']) {
    describe(`for ${shell}`, { skip: isInstalled(shell) ? false : `no ${shell} here` }, () => {
      let script: string;
      const complete = async (...words: string[]) => {
        const argv = [...ARGS[shell]!, script, 'rangemesh', ...words];
        const env = { PATH: process.env.PATH, HOME: folder };
        const { stdout, stderr } = await execute(shell, argv, { cwd: folder, env });
        assert.equal(stderr, '');
        return stdout.split('\n').filter((word) => word !== '');
      };

      before(async () => {
        const { stdout, stderr, exitCode } = await run(['completion', shell]);
        assert.deepEqual([exitCode, stderr], [0, '']);
        script = join(folder, `script.${shell}`);
        await writeFile(script, stdout);
      });

      it('knows every verb, also below others and behind options', async () => {
        const verbs = [...verbsOf().keys()];
        const first = new Set([...verbs.map((verb) => verb.split(' ')[0]!), 'help']);
        assert.deepEqual(new Set(await complete('')), first);
        assert.deepEqual(
          new Set(await complete('--url', 'peers', '')),
          first,
          'a value is no verb',
        );
        const below = verbs.filter((verb) => verb.startsWith('peers '));
        const names = below.map((verb) => verb.slice('peers '.length)).sort();
        assert.deepEqual((await complete('--url', 'peers', '--json', 'peers', '')).sort(), names);
      });

      it('knows the options of a verb, and of no other', async () => {
        const options = await complete('ls', '--');
        for (const option of ['--json', '--wide', '--from', '--help']) {
          assert.ok(options.includes(option), `${option} in ${options}`);
        }
        assert.ok(!options.includes('--hint'));
        assert.ok((await complete('put', '--')).includes('--hint'));
      });

      it('knows the values of arguments, and offers files where a path stands', async () => {
        assert.deepEqual((await complete('probe', '')).sort(), ['live', 'ready']);
        assert.deepEqual((await complete('completion', '')).sort(), ['bash', 'fish', 'zsh']);
        const names = (words: readonly string[]) => words.map((word) => word.replace('\\', ''));
        for (const words of [
          ['put', ''],
          ['get', '--output', ''],
          ['import', '--manifest', ''],
        ]) {
          const offered = names(await complete(...words));
          assert.ok(offered.includes('a photo.jpg'), `${words}: ${offered}`);
        }
        assert.deepEqual(await complete('get', ''), []);
        assert.deepEqual(await complete('put', '--hint', ''), []);
      });
    });
  }

  it('takes no other shell', async () => {
    const { exitCode, stderr } = await run(['completion', 'tcsh']);
    assert.equal(exitCode, 64);
    assert.match(stderr, /Allowed choices are bash, zsh, fish.*\[USAGE\]/);
  });
});
