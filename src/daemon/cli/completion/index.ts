/**
 * The verb `completion`: scripts by which bash, zsh and fish complete verbs, options and values. All that
 * they know comes from the declared verbs, so a new verb is completed too.
 */

import type { Command } from 'commander';
import { EXIT } from '../../errors.ts';
import { type Terminal, write } from '../init.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { type CompletedVerb, completedVerbs } from './verbs.ts';
import { zshScript } from './zsh.ts';

/** A shell with completion. */
export type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS: Readonly<Record<Shell, (verbs: readonly CompletedVerb[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** `completion SHELL`: the script on standard output. */
export async function completion(shell: Shell, program: Command, out: Terminal): Promise<number> {
  await write(out, SCRIPTS[shell](completedVerbs(program)));
  return EXIT.ok;
}
