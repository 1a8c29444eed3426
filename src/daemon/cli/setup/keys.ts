import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EXIT } from '../../errors.ts';
import { createPsk, IDENTITY_FILE, prepareIdentity } from '../../keys/index.ts';
import { createLogger } from '../../logging.ts';
import { printAnswer } from '../ask.ts';
import { taken, unwritable } from '../errors.ts';
import { type CliInit, printLine, write } from '../init.ts';
import { type TargetOptions, targetConfig } from '../locate.ts';

export interface KeygenOptions {
  out?: string;
  json?: boolean;
}

/** `keygen psk`: a new pre-shared key on standard output, or in a new file for its owner alone. */
export async function keygenPsk(options: KeygenOptions, init: CliInit): Promise<number> {
  const key = createPsk(init.random);
  if (options.out === undefined) {
    await (options.json === true
      ? printAnswer(options, init, { key }, '')
      : write(init.stdout, key));
    return EXIT.ok;
  }
  const path = resolve(init.cwd, options.out);
  await writeFile(path, key, { flag: 'wx', mode: 0o600 }).catch((cause) => {
    if (cause.code === 'EEXIST') throw taken(path);
    throw unwritable(path, cause);
  });
  const advice =
    'copy it to each node of the mesh; init and start take it with --access psk --psk-file';
  await printAnswer(options, init, { file: path }, `wrote ${path}`, [advice]);
  return EXIT.ok;
}

/** `id`: the peer id of the node, whose identity is made where there is none. */
export async function id(options: TargetOptions, init: CliInit): Promise<number> {
  const { node } = await targetConfig(options, init);
  const logger = createLogger({ clock: init.clock, level: 'silent' });
  const path = join(node.dataDir, IDENTITY_FILE);
  const wasThere = existsSync(path);
  const { peerId } = await prepareIdentity({
    directory: node.dataDir,
    random: init.random,
    logger,
  });
  if (!wasThere) await printLine(init.stderr, `rangemesh: made a new identity, ${path}`);
  await printAnswer(options, init, { peerId, dataDir: node.dataDir }, peerId);
  return EXIT.ok;
}
