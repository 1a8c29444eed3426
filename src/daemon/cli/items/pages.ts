import type { AdminClient } from '../../client/index.ts';
import { EXIT } from '../../errors.ts';
import { withClient } from '../ask.ts';
import { type CliInit, printLine } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { type Screen, screenOf } from '../terminal/index.ts';

/** The longest page that the daemon gives. */
const PAGE = 1_000;

interface ListPage<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** The part of a list that a call asks for. */
export interface PagePart {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface PagesInit<T> {
  readonly get: (daemon: AdminClient, part: PagePart) => Promise<ListPage<T>>;
  /** For people and for programs that read words; JSON has a line for each entry. */
  readonly format: (items: readonly T[], screen: Screen, header: boolean) => string;
  /**
   * Most entries.
   * @default all
   */
  readonly limit?: number | undefined;
  /**
   * What an empty list is for people.
   * @default nothing is printed
   */
  readonly none?: string;
}

/** Prints a list of the daemon, one page after the other. */
export function printPages<T>(
  options: TargetOptions & { readonly wide?: boolean },
  init: CliInit,
  { get, format, limit = Number.POSITIVE_INFINITY, none }: PagesInit<T>,
): Promise<number> {
  const json = options.json === true;
  const screen = screenOf(init.stdout, init, options);
  return withClient(options, init, async (client) => {
    let left = limit;
    let cursor: string | null = null;
    do {
      const part = { limit: Math.min(PAGE, left), cursor: cursor ?? undefined };
      const page: ListPage<T> = await client.ask((daemon) => get(daemon, part));
      const isFirst = cursor === null;
      const text = json
        ? page.items.map((item) => JSON.stringify(item)).join('\n')
        : format(page.items, screen, isFirst);
      if (page.items.length > 0) await printLine(init.stdout, text);
      else if (isFirst && !json && none !== undefined) await printLine(init.stdout, none);
      left -= page.items.length;
      cursor = page.cursor;
    } while (cursor !== null && left > 0);
    return EXIT.ok;
  });
}
