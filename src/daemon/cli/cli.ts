import { CommanderError } from 'commander';
import { EXIT } from '../errors.ts';
import { formatError, type LastWords, lastWords, usage } from './errors.ts';
import type { CliInit } from './init.ts';
import { createProgram } from './program/index.ts';

/** Runs one command line; resolves with the exit code, and never rejects. */
export async function runCli(init: CliInit): Promise<number> {
  let exitCode: number = EXIT.ok;
  const json = asksForJson(init.argv);
  const program = createProgram(init, {
    exit: (code) => {
      exitCode = code;
    },
    // JSON stands alone on standard error.
    writeHelp: (text) => void (json || init.stderr.write(text)),
  });
  try {
    await program.parseAsync(init.argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    const words = wordsFor(error, json);
    if (words.error !== null) init.stderr.write(`${formatError(words, { json })}\n`);
    return words.exitCode;
  }
}

/** Also where the rest of the command line is wrong, and so is not parsed. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

function wordsFor(error: unknown, json: boolean): LastWords {
  if (!(error instanceof CommanderError)) return lastWords(error);
  if (error.exitCode === 0) return { error: null, exitCode: EXIT.ok };
  if (error.code !== 'commander.help') return lastWords(usage(mistake(error)));
  // The help that was shown lists the verbs.
  return json ? lastWords(usage('name a verb')) : { error: null, exitCode: EXIT.usage };
}

/** The message of commander as one line, with advice. */
function mistake({ message }: CommanderError): string {
  const words = message
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n/g, ' ');
  return `${words.replace(/\.$/, '')}; --help shows what there is`;
}
