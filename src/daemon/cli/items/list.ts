import { EXIT } from '../../errors.ts';
import type { ItemPage } from '../../schemas/index.ts';
import { withClient } from '../ask.ts';
import { type CliInit, printLine } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import {
  formatTable,
  type Screen,
  screenOf,
  shortItemId,
  type TableColumn,
} from '../terminal/index.ts';

/** The longest page that the daemon gives. */
const PAGE = 1_000;

export interface ListOptions extends TargetOptions {
  from?: string;
  to?: string;
  limit?: number;
  wide?: boolean;
}

type ListedItem = ItemPage['items'][number];

/** `ls`: hint, id and size of each item in order, all pages of the daemon one after the other. */
export function ls(options: ListOptions, init: CliInit): Promise<number> {
  const { from, to, limit = Number.POSITIVE_INFINITY, json } = options;
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  const screen = screenOf(init.stdout, init, options);
  return withClient(options, init, async (client) => {
    let left = limit;
    let cursor: string | null = null;
    do {
      const part = { ...range, limit: Math.min(PAGE, left), cursor: cursor ?? undefined };
      const page: ItemPage = await client.ask((daemon) => daemon.listItems(part));
      const text =
        json === true
          ? page.items.map((item) => JSON.stringify(item)).join('\n')
          : format(page.items, screen, cursor === null);
      if (page.items.length > 0) await printLine(init.stdout, text);
      left -= page.items.length;
      cursor = page.cursor;
    } while (cursor !== null && left > 0);
    return EXIT.ok;
  });
}

const COLUMNS: readonly TableColumn<ListedItem>[] = [
  // Milliseconds of today; pages of longer hints may stand out of line.
  { title: 'HINT', cell: ({ hint }) => hint, align: 'right', width: 13 },
  { title: 'ID', cell: ({ id }) => id, short: ({ id }) => shortItemId(id) },
  { title: 'BYTES', cell: ({ bytes }) => `${bytes ?? '?'}`, align: 'right', width: 10 },
];

/** A table on a terminal. Programs get three words a line. */
function format(items: readonly ListedItem[], screen: Screen, header: boolean): string {
  if (screen.columns !== null) return formatTable(items, COLUMNS, screen, { header });
  return items.map(({ hint, id, bytes }) => `${hint} ${id} ${bytes ?? '?'}`).join('\n');
}
