import { EXIT } from '../../errors.ts';
import type { ItemPage } from '../../schemas/index.ts';
import { withClient } from '../ask.ts';
import { type CliInit, write } from '../init.ts';
import type { TargetOptions } from '../locate.ts';

/** The longest page that the daemon gives. */
const PAGE = 1_000;

export interface ListOptions extends TargetOptions {
  from?: string;
  to?: string;
  limit?: number;
}

/** `ls`: hint, id and size of each item in order, all pages of the daemon one after the other. */
export function ls(options: ListOptions, init: CliInit): Promise<number> {
  const { from, to, limit = Number.POSITIVE_INFINITY, json } = options;
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  return withClient(options, init, async (client) => {
    let left = limit;
    let cursor: string | null = null;
    do {
      const part = { ...range, limit: Math.min(PAGE, left), cursor: cursor ?? undefined };
      const page: ItemPage = await client.ask((daemon) => daemon.listItems(part));
      const lines = page.items.map((item) =>
        json === true ? JSON.stringify(item) : `${item.hint} ${item.id} ${item.bytes ?? '?'}`,
      );
      if (lines.length > 0) await write(init.stdout, `${lines.join('\n')}\n`);
      left -= page.items.length;
      cursor = page.cursor;
    } while (cursor !== null && left > 0);
    return EXIT.ok;
  });
}
