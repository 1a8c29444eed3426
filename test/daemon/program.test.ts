import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Program, systemPrograms } from '../../src/daemon/system/index.ts';
import { cleanUp } from '../support/clean-up.ts';
import { within } from '../support/within.ts';

interface Started {
  readonly program: Program;
  readonly directory: string;
  /** Its output so far and from now on, until it contains these words. */
  says(words: string): Promise<string>;
  readonly ended: Promise<string>;
}

async function start(t: TestContext, ...command: string[]): Promise<Started> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'rangemesh-program-')));
  cleanUp(t, () => rm(directory, { recursive: true, force: true }));
  const ended = Promise.withResolvers<string>();
  let output = '';
  let heard = (): void => undefined;
  const program = systemPrograms.start({
    command,
    directory,
    heard: {
      output(bytes) {
        output += new TextDecoder().decode(bytes);
        heard();
      },
      ended: ended.resolve,
    },
  });
  cleanUp(t, () => program.kill());
  const says = (words: string): Promise<string> => {
    const said = Promise.withResolvers<string>();
    heard = () => output.includes(words) && said.resolve(output);
    heard();
    return within(said.promise, `the words ${words}`);
  };
  return { program, directory, says, ended: ended.promise };
}

const node = (script: string): string[] => [process.execPath, '-e', script];

describe('a started program', () => {
  it('gets lines and gives output, in its directory and without a shell', async (t) => {
    const script =
      'process.stdin.on("data", (d) => console.log(process.cwd(), process.argv[1], String(d)))';
    const { program, says, directory } = await start(t, ...node(script), '$HOME;');
    program.write('one\n');
    assert.equal(await says('one'), `${directory} $HOME; one\n\n`);
  });

  it('tells how it ended, with its last words on standard error', async (t) => {
    const script = 'process.stderr.write("x".repeat(2_000) + " the end\\n", () => process.exit(3))';
    const { program, ended } = await start(t, ...node(script));
    assert.equal(await within(ended, 'the end'), 'it ended with exit code 3');
    assert.match(program.errorOutput, /^x{1000,1023} the end$/);
  });

  it('that is not there has ended, with the reason', async (t) => {
    const { program, ended } = await start(t, '/nowhere/judge');
    program.write('one\n');
    assert.match(await within(ended, 'the end'), /\/nowhere\/judge ENOENT/);
    program.kill();
  });

  it('that is killed takes what it started with it, and says nothing more', async (t) => {
    const child = 'setInterval(() => 0, 1000); console.log("child", process.pid)';
    const script = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: "inherit" })`;
    const { program, says, ended } = await start(t, ...node(script));
    const [, pid] = /child (\d+)\n/.exec(await says('\n'))!;
    program.kill();
    const gone = async (): Promise<void> => {
      for (;;) {
        try {
          process.kill(Number(pid), 0);
        } catch {
          return;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await within(gone(), 'the end of the child');
    const late = ended.then(() => 'said');
    assert.equal(await Promise.race([late, Promise.resolve('nothing')]), 'nothing');
    program.write('one\n');
    program.kill();
  });
});

describe('a loaded module', () => {
  it('is found by its path', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'rangemesh module #'));
    cleanUp(t, () => rm(directory, { recursive: true, force: true }));
    const path = join(directory, 'policy.mjs');
    await writeFile(path, 'export default () => [true];');
    const { default: decide } = Object(await systemPrograms.load(path));
    assert.deepEqual(decide(), [true]);
    await assert.rejects(systemPrograms.load(join(directory, 'none.mjs')), /none\.mjs/);
  });
});
