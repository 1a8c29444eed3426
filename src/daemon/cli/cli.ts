import { CommanderError } from 'commander';
import { EXIT } from '../errors.ts';
import { lastWords } from './errors.ts';
import type { CliInit } from './init.ts';
import { createProgram } from './program.ts';

/** Runs one command line; resolves with the exit code, and never rejects. */
export async function runCli(init: CliInit): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(init, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(init.argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has already written the mistake or the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { line, exitCode: code } = lastWords(error);
    if (line !== null) init.stderr.write(`${line}\n`);
    return code;
  }
}
