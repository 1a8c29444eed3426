import { EXIT } from '../errors.ts';
import type { Call, DaemonClient } from './client.ts';
import { type CliInit, printLine } from './init.ts';
import { connect, type TargetOptions } from './locate.ts';

/** Makes one call to the daemon and prints the answer, as JSON or as text; resolves with the exit code. */
export function ask<T>(
  options: TargetOptions,
  init: CliInit,
  call: Call,
  show: (answer: T) => string,
  exitCode: (answer: T) => number = () => EXIT.ok,
): Promise<number> {
  return withClient(options, init, async (client) => {
    const answer = await client.json<T>(call);
    await printAnswer(options, init, answer, show(answer));
    return exitCode(answer);
  });
}

/** The outcome of `use`, which gets a client of the daemon. */
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
