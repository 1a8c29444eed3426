import type { Command } from 'commander';
import type { CliInit } from '../../../src/daemon/cli/index.ts';
import { createProgram, type VerbCommand } from '../../../src/daemon/cli/testing.ts';

/** The declared command line, whose verbs are never run. */
function declared(): VerbCommand {
  const init = { version: '0' } as CliInit;
  return createProgram(init, { exit: () => undefined, writeHelp: () => undefined });
}

/** The words of each verb that does something, and its long options. */
export function verbsOf(
  command: Command = declared(),
  words: readonly string[] = [],
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const verb of command.commands) {
    const path = [...words, verb.name()];
    // Commander has no public way to tell a group, which shows its help alone.
    const isGroup = Reflect.get(verb, '_actionHandler') === null;
    const options = verb.options.map(({ long }) => long ?? '');
    if (!isGroup && verb.name() !== 'help') found.set(path.join(' '), options);
    for (const [name, below] of verbsOf(verb, path)) found.set(name, below);
  }
  return found;
}
