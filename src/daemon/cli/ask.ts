import { EXIT } from '../errors.ts';
import type { DaemonClient } from './client.ts';
import { type CliInit, printLine } from './init.ts';
import { connect, type TargetOptions } from './locate.ts';

export interface VerbResult {
  /** What `--json` prints. */
  readonly answer: unknown;
  readonly text: string;
  /** @default EXIT.ok */
  readonly exitCode?: number;
}

/** Runs a verb that asks a daemon and prints the answer; resolves with the exit code. */
export async function ask(
  options: TargetOptions,
  init: CliInit,
  question: (client: DaemonClient) => Promise<VerbResult>,
): Promise<number> {
  const { answer, text, exitCode = EXIT.ok } = await withClient(options, init, question);
  await printAnswer(options, init, answer, text);
  return exitCode;
}

/** The outcome of `use`, which gets a client of the daemon meant. */
export async function withClient<T>(
  options: TargetOptions,
  init: CliInit,
  use: (client: DaemonClient) => Promise<T>,
): Promise<T> {
  const client = await connect(options, init);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

export function printAnswer(
  { json }: { readonly json?: boolean },
  { stdout }: CliInit,
  answer: unknown,
  text: string,
): Promise<void> {
  return printLine(stdout, json === true ? JSON.stringify(answer) : text);
}
