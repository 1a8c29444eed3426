import type { RefusedPage } from '../../control-api.ts';
import { EXIT } from '../../errors.ts';
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

type Refused = RefusedPage['items'][number];

/** `refused ls`: every refused item, page by page. */
export function listRefused(
  options: TargetOptions & { wide?: boolean },
  init: CliInit,
): Promise<number> {
  const { json = false } = options;
  const screen = screenOf(init.stdout, init, options);
  return withClient(options, init, async (client) => {
    let cursor: string | null = null;
    do {
      const part = { limit: PAGE, cursor: cursor ?? undefined };
      const page: RefusedPage = await client.ask((daemon) => daemon.listRefused(part));
      const isFirst = cursor === null;
      const text = json
        ? page.items.map((item) => JSON.stringify(item)).join('\n')
        : format(page.items, screen, isFirst);
      if (page.items.length > 0) await printLine(init.stdout, text);
      else if (isFirst && !json) await printLine(init.stdout, 'no item is refused');
      cursor = page.cursor;
    } while (cursor !== null);
    return EXIT.ok;
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
