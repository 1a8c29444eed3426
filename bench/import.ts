import { execFile } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { DaemonProcess } from '../scripts/support/daemon-process.ts';
import { withDirectory } from './support/child.ts';

const LAUNCHER = fileURLToPath(new URL('../bin/rangemesh.js', import.meta.url));
const FILES_IN_FOLDER = 100;
/** Bytes of a file: from this up to so many more. */
const LEAST_BYTES = 200;
const MORE_BYTES = 4_000;

/** What `--json` prints. The time of a command is that of its whole process. */
export interface ImportFigures {
  readonly bench: 'import';
  readonly files: number;
  readonly bytes: number;
  readonly filesPerSecond: number;
  /** With nothing new. */
  readonly againPerSecond: number;
  /** A copy by rsync, without a sync; null: it is not installed. */
  readonly rsyncPerSecond: number | null;
}

/** `bench -- import [--files N] [--json]`: a tree of small files by `rangemesh import`, and again. */
export async function main(args: string[]): Promise<void> {
  const options = {
    json: { type: 'boolean', default: false },
    files: { type: 'string', default: '40000' },
  } as const;
  const { values } = parseArgs({ args, options });
  const figures = await withDirectory((folder) => measure(folder, Number(values.files)));
  if (values.json) console.log(JSON.stringify(figures));
  else console.table(figures);
}

async function measure(folder: string, files: number): Promise<ImportFigures> {
  const tree = join(folder, 'tree');
  const bytes = await makeTree(tree, files);
  const dataDir = join(folder, 'daemon');
  const daemon = await DaemonProcess.start({
    dataDir,
    args: ['--listen', '/ip4/127.0.0.1/tcp/0', '--admin-port', '0'],
  });
  const put = [LAUNCHER, 'import', tree, '--data-dir', dataDir];
  try {
    const first = await timed(process.execPath, put);
    const again = await timed(process.execPath, put);
    const rsync = await timed('rsync', ['-a', `${tree}/`, join(folder, 'copy')]).catch(() => null);
    const rate = (ms: number) => Math.round((files / ms) * 1_000);
    return {
      bench: 'import',
      files,
      bytes,
      filesPerSecond: rate(first),
      againPerSecond: rate(again),
      rsyncPerSecond: rsync && rate(rsync),
    };
  } finally {
    await daemon.stop();
  }
}

/** Returns the bytes of all files. */
async function makeTree(root: string, files: number): Promise<number> {
  let bytes = 0;
  for (let at = 0; at < files; at += FILES_IN_FOLDER) {
    const folder = join(root, `${at / FILES_IN_FOLDER}`);
    await mkdir(folder, { recursive: true });
    for (let i = at; i < Math.min(files, at + FILES_IN_FOLDER); i++) {
      const content = randomFillSync(new Uint8Array(LEAST_BYTES + ((i * 7_919) % MORE_BYTES)));
      bytes += content.length;
      await writeFile(join(folder, `${i}`), content);
    }
  }
  return bytes;
}

async function timed(command: string, args: readonly string[]): Promise<number> {
  const begin = performance.now();
  await promisify(execFile)(command, args);
  return performance.now() - begin;
}
