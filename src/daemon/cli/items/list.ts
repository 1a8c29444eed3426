import type { ItemPage } from '../../schemas/index.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { formatTable, type Screen, shortItemId, type TableColumn } from '../terminal/index.ts';
import { printPages } from './pages.ts';

export interface ListOptions extends TargetOptions {
  from?: string;
  to?: string;
  limit?: number;
  wide?: boolean;
}

type ListedItem = ItemPage['items'][number];

/** `ls`: hint, id and size of each item in order, all pages of the daemon one after the other. */
export function ls(options: ListOptions, init: CliInit): Promise<number> {
  const { from, to, limit } = options;
  const range = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  return printPages<ListedItem>(options, init, {
    get: (daemon, part) => daemon.listItems({ ...range, ...part }),
    format,
    limit,
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
