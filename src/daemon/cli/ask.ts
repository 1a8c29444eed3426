import type { AdminClient } from '../client/index.ts';
import { EXIT } from '../errors.ts';
import type { CallSettings, DaemonClient } from './client.ts';
import { type CliInit, printLine } from './init.ts';
import { connect, type TargetOptions } from './locate.ts';

/** A call, and how its answer is shown. */
export interface AskInit<T> extends CallSettings {
  call: (daemon: AdminClient) => Promise<T>;
  /** The answer as text. */
  show: (answer: T) => string;
  /** @default `EXIT.ok` */
  exitCode?: (answer: T) => number;
}

/** Makes one call to the daemon and prints the answer, as JSON or as text; resolves with the exit code. */
export function ask<T>(
  options: TargetOptions,
  init: CliInit,
  { call, show, exitCode = () => EXIT.ok, ...settings }: AskInit<T>,
): Promise<number> {
  return withClient(options, init, async (client) => {
    const answer = await client.ask(call, settings);
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
