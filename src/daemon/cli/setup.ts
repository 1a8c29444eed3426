import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT } from '../errors.ts';
import { printAnswer } from './ask.ts';
import { usage } from './errors.ts';
import type { CliInit } from './init.ts';
import { DEFAULT_FILE } from './locate.ts';

/** The template lies beside src/ in a clone and beside dist/ in an installed package. */
const TEMPLATE = new URL('../../../config/default.yaml', import.meta.url);

/** `init DIR`: a directory with a commented configuration. Never replaces one. */
export async function setup(
  directory: string,
  options: { json?: boolean },
  init: CliInit,
): Promise<number> {
  const path = join(resolve(init.cwd, directory), DEFAULT_FILE);
  // An installed package has no schema beside the operator's file, so the hint for editors goes.
  const template = await readFile(TEMPLATE, 'utf8');
  const text = template.replace(/^# yaml-language-server:.*\n/m, '');
  try {
    await mkdir(resolve(init.cwd, directory), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const kept = `${path} is there already and stays as it is; name another directory`;
    throw usage(code === 'EEXIST' ? kept : `cannot write ${path}: ${message}`, { cause });
  }
  const advice = `change what you need in it, then run: rangemesh start --config ${path}`;
  await printAnswer(options, init, { config: path }, `wrote ${path}\n${advice}`);
  return EXIT.ok;
}
