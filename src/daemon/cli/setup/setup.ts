import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type Config, loadConfig, type Setting } from '../../config/index.ts';
import { EXIT, reasonOf } from '../../errors.ts';
import { codeOf, makeDirectory } from '../../files/index.ts';
import { prepareKeys } from '../../keys/index.ts';
import { createLogger } from '../../logging.ts';
import { printAnswer } from '../ask.ts';
import { usage } from '../errors.ts';
import type { CliInit } from '../init.ts';
import { DEFAULT_FILE } from '../locate.ts';

/** The template lies beside src/ in a clone and beside dist/ in an installed package. */
const TEMPLATE = new URL('../../../../config/default.yaml', import.meta.url);

/**
 * `init DIR`: a directory with a commented configuration, an identity and a token. Replaces none of them.
 * `settings` are written into the configuration.
 */
export async function setup(
  directory: string,
  settings: readonly Setting[],
  options: { json?: boolean },
  init: CliInit,
): Promise<number> {
  const read = (file: string) => readFile(file, 'utf8');
  const { cwd, random, clock } = init;
  const given = await loadConfig({ flags: settings, cwd, read });
  const path = join(resolve(cwd, directory), DEFAULT_FILE);
  const text = fillIn(await readFile(TEMPLATE, 'utf8'), given, settings);
  try {
    await makeDirectory(resolve(cwd, directory));
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const kept = `${path} is there already and stays as it is; name another directory`;
    const failed = `cannot write ${path}: ${reasonOf(cause)}`;
    throw usage(codeOf(cause) === 'EEXIST' ? kept : failed, { cause });
  }
  const { node, admin } = await loadConfig({ file: path, cwd, read });
  const logger = createLogger({ clock, level: 'silent' });
  const keys = { directory: node.dataDir, path: admin.tokenFile, random, logger };
  const { peerId } = await prepareKeys(keys);
  const advice = `now run: rangemesh start --config ${path}`;
  const lines = [`wrote ${path}; change in it what you need`, `the peer id is ${peerId}`, advice];
  await printAnswer(options, init, { config: path, peerId }, lines.join('\n'));
  return EXIT.ok;
}

/** The template with the values of the settings that were given. */
function fillIn(template: string, config: Config, settings: readonly Setting[]): string {
  // An installed package has no schema beside the operator's file, so the hint for editors goes.
  const text = template.replace(/^# yaml-language-server:.*\n/m, '');
  if (settings.length === 0) return text;
  const document = parseDocument(text);
  const sections = config as unknown as Record<string, Record<string, unknown>>;
  for (const { path } of settings) {
    const [section, key] = path.split('.') as [string, string];
    document.setIn([section, key], document.createNode(sections[section]![key]));
  }
  return document.toString({ lineWidth: 0 });
}
