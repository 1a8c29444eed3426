import { lstat, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { type Config, loadConfig, type Setting } from '../../config/index.ts';
import { type DaemonError, EXIT, reasonOf } from '../../errors.ts';
import { codeOf, makeDirectory } from '../../files/index.ts';
import { prepareKeys } from '../../keys/index.ts';
import { createLogger } from '../../logging.ts';
import { printAnswer } from '../ask.ts';
import { unwritable, usage } from '../errors.ts';
import type { CliInit } from '../init.ts';
import { DEFAULT_FILE } from '../locate.ts';

/** The template lies beside src/ in a clone and beside dist/ in an installed package. */
const TEMPLATE = new URL('../../../../config/default.yaml', import.meta.url);

/**
 * `init DIR`: a directory with a commented configuration, an identity and a token. Replaces none of them.
 * `settings` are written into the configuration. The environment counts as it does for `start`.
 */
export async function setup(
  directory: string,
  settings: readonly Setting[],
  options: { json?: boolean },
  init: CliInit,
): Promise<number> {
  const read = (file: string) => readFile(file, 'utf8');
  const { cwd, env } = init;
  const given = await loadConfig({ flags: settings, env, cwd, read });
  const folder = resolve(cwd, directory);
  const path = join(folder, DEFAULT_FILE);
  const text = fillIn(await readFile(TEMPLATE, 'utf8'), given, settings);
  const config = await loadConfig({ file: path, env, cwd, read: async () => text });
  await makeFolder(folder);
  if (await exists(path)) throw kept(path);
  // The configuration comes last: where anything fails before, the same command can be given again.
  const peerId = await makeKeys(config, init);
  await writeFile(path, text, { flag: 'wx' }).catch((cause) => {
    if (codeOf(cause) === 'EEXIST') throw kept(path);
    throw unwritable(path, cause);
  });
  const lines = [
    `wrote ${path}; change in it what you need`,
    `the peer id is ${peerId}; its key lies in ${config.node.dataDir}`,
  ];
  const advice = [
    ...(letsNoPeerIn(config) ? [NO_PEER] : []),
    `now run: rangemesh start --config ${path}`,
  ];
  await printAnswer(options, init, { config: path, peerId }, lines.join('\n'), advice);
  return EXIT.ok;
}

const NO_PEER =
  'no peer can connect yet: write the peer ids of the others into access.peers (or --allow)';

function letsNoPeerIn({ access }: Config): boolean {
  return access.mode === 'list' && access.peers.length === 0;
}

async function makeKeys({ node, admin }: Config, { random, clock }: CliInit): Promise<string> {
  const logger = createLogger({ clock, level: 'silent' });
  const keys = { directory: node.dataDir, path: admin.tokenFile, random, logger };
  return (await prepareKeys(keys)).peerId;
}

async function makeFolder(path: string): Promise<void> {
  await makeDirectory(path).catch((cause) => {
    const isFile = ['EEXIST', 'ENOTDIR'].includes(codeOf(cause));
    const reason = isFile ? 'there is a file where a directory must be' : reasonOf(cause);
    throw usage(`cannot make the directory ${path}: ${reason}`, { cause });
  });
}

/** Also a link that leads nowhere. */
function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function kept(path: string): DaemonError {
  return usage(`${path} is there already and stays as it is; name another directory`);
}

/** The template with the values of the settings that were given. */
function fillIn(template: string, config: Config, settings: readonly Setting[]): string {
  // An installed package has no schema beside the operator's file, so the hint for editors goes.
  const text = template.replace(/^# yaml-language-server:.*\n/m, '');
  if (settings.length === 0) return text;
  const document = parseDocument(text);
  for (const { path } of settings) {
    const names = path.split('.');
    const value = names.reduce<unknown>((tree, name) => Object(tree)[name], config);
    document.setIn(names, document.createNode(value));
  }
  return document.toString({ lineWidth: 0 });
}
