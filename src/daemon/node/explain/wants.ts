import type { ReconciliationSet } from '../../../protocol/index.ts';
import { bytesToHex, type Clock, delay, hexToBytes } from '../../../store/index.ts';
import type { WantedItem, WantsAnswer } from '../../explain-api.ts';
import { isoTime } from '../../system/index.ts';

interface WantsParts {
  wanted: ReconciliationSet;
  clock: Clock;
}

/** Ids looked at in one turn of the event loop. */
const TOGETHER = 8_192;

/** A page of the wanted items by id. An item that is wanted during all pages stands on one of them. */
export async function wantsPage(
  { limit, after }: { readonly limit: number; readonly after: string | null },
  { wanted, clock }: WantsParts,
): Promise<WantsAnswer> {
  let page: string[] = [];
  let seen = 0;
  const cut = (): void => {
    page = page.sort().slice(0, limit + 1);
  };
  for (const id of wanted.missing()) {
    const hex = bytesToHex(id);
    if (after === null || hex > after) page.push(hex);
    if (page.length > 2 * limit + TOGETHER) cut();
    if (++seen % TOGETHER === 0) await delay(clock, 0);
  }
  cut();
  const shown = page.slice(0, limit);
  return {
    wanted: wanted.size,
    orphans: wanted.orphans,
    items: shown.flatMap((id) => item(id, wanted)),
    cursor: page.length > limit ? shown.at(-1)! : null,
  };
}

/** Nothing for an item that came meanwhile. */
function item(hex: string, wanted: ReconciliationSet): WantedItem[] {
  const id = hexToBytes(hex);
  const want = wanted.want(id);
  if (want === undefined) return [];
  const fetchingFrom = wanted.claimedBy(id) ?? null;
  const { confirmed } = want;
  const [sources, bytes] = [wanted.sources(id), wanted.length(id) ?? null];
  return [{ id: hex, since: isoTime(want.since), confirmed, sources, fetchingFrom, bytes }];
}
