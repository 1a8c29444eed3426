import { EXIT } from '../../errors.ts';
import { withClient } from '../ask.ts';
import { type CliInit, printLine } from '../init.ts';
import type { TargetOptions } from '../locate.ts';

export interface ChangesOptions extends TargetOptions {
  since?: { readonly since: number; readonly epoch?: string };
  follow?: boolean;
  payloads?: boolean;
}

/** `changes`: a line of JSON for each item in its order of arrival; with `--follow` until a signal. */
export function changes(options: ChangesOptions, init: CliInit): Promise<number> {
  const { follow = false, payloads, since } = options;
  const stopped = new AbortController();
  const forget = init.onStop(() => stopped.abort());
  const retrying = (error: unknown, ms: number) => {
    const { message } = error as Error;
    init.stderr.write(`rangemesh: ${message}; trying again in ${ms / 1_000} s\n`);
  };
  return withClient(options, init, async (client) => {
    const after = init.clock.after.bind(init.clock);
    const asked = { ...since, follow, payloads, signal: stopped.signal, after, retrying };
    await client.ask(async (daemon) => {
      for await (const line of daemon.changes(asked)) {
        await printLine(init.stdout, JSON.stringify(line));
      }
    });
    return EXIT.ok;
  }).finally(forget);
}
