import type { RefusedPage } from '../../control-api.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { formatTable, type Screen, shortItemId, type TableColumn } from '../terminal/index.ts';
import { printPages } from './pages.ts';

type Refused = RefusedPage['items'][number];

/** `refused ls`: every refused item, page by page. */
export function listRefused(
  options: TargetOptions & { wide?: boolean },
  init: CliInit,
): Promise<number> {
  return printPages<Refused>(options, init, {
    get: (daemon, part) => daemon.listRefused(part),
    format,
    none: 'no item is refused',
  });
}

const COLUMNS: readonly TableColumn<Refused>[] = [
  { title: 'ID', cell: ({ id }) => id, short: ({ id }) => shortItemId(id) },
  { title: 'SINCE', cell: ({ at }) => at },
  { title: 'BY', cell: ({ by }) => by, width: 'operator'.length },
  { title: 'REASON', cell: ({ reason }) => reason, cut: true },
];

/** A table on a terminal. Programs get a line for each item. */
function format(items: readonly Refused[], screen: Screen, header: boolean): string {
  if (screen.columns !== null) return formatTable(items, COLUMNS, screen, { header });
  const why = (reason: string) => (reason === '' ? '' : `: ${reason}`);
  return items.map(({ id, at, by, reason }) => `${id}  ${at}  ${by}${why(reason)}`).join('\n');
}
