import { EXIT } from '../../errors.ts';
import type { EventLine } from '../../schemas/index.ts';
import { withClient } from '../ask.ts';
import { type CliInit, printLine } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { screenOf, wrap } from '../terminal/index.ts';

export interface EventsOptions extends TargetOptions {
  type?: string[];
  wide?: boolean;
}

/** Prints a line for each event until the daemon ends or the verb is stopped. */
export function events({ type, ...options }: EventsOptions, init: CliInit): Promise<number> {
  const screen = screenOf(init.stdout, init, options);
  return withClient(options, init, (client) =>
    client.ask(async (daemon) => {
      for await (const event of daemon.watchEvents({ types: type })) {
        const text = options.json ? JSON.stringify(event) : wrap(formatEvent(event), screen);
        await printLine(init.stdout, text);
      }
      return EXIT.ok;
    }),
  );
}

/** Time, type and the other fields as `name=value`. */
export function formatEvent(event: EventLine): string {
  const { at = '', type, id: _place, ...fields }: EventLine & { readonly at?: string } = event;
  const texts = Object.entries(fields).map(([name, value]) => {
    return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return [at, type, ...texts].join('  ').trim();
}
