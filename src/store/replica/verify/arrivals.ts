import type { ItemKey } from '../../item.ts';
import { tryRead } from '../../level/index.ts';
import { rankBehind } from '../../ranks.ts';
import type { Snapshot } from '../../storage.ts';
import { auditArrivals, checkEnd, type EntryHead } from '../arrivals/index.ts';
import { placeIn } from '../records/index.ts';
import type { Verification } from './verification.ts';

/**
 * Compares the order of arrival with the state, the id records and the quarantine. A fault of an item or of
 * its id record is named elsewhere, and not again here.
 *
 * @param ids Id records of items. Each item has a place.
 */
export async function verifyArrivals(
  run: Verification,
  ids: number,
  index: Snapshot | null,
): Promise<void> {
  const { database, keys, snapshot, state } = run;
  if (state.epoch === 0n) {
    if (ids > 0) run.add('ARRIVALS', keys.state, 'the order of arrival is unfinished');
    return;
  }
  const place = { database, keys, snapshot, state };
  let held = 0;
  await run.guard('ARRIVALS', async () => {
    await checkEnd(place);
    for await (const part of auditArrivals(place)) {
      held += part.held;
      for (const { id, record, seq } of part.misplaced) {
        const named = placeIn(record);
        const message = `the id record names the place ${named}, not ${seq}`;
        if (named !== 0) run.add('ARRIVALS', keys.id(id), message);
      }
      for (const entry of part.gone) {
        const message = `place ${entry.seq} is of an item that is neither held nor in quarantine`;
        if (!isNamed(run, entry, index)) run.add('ARRIVALS', keys.id(entry.id), message);
      }
      await run.step('arrivals', held);
    }
    if (held >= ids) return;
    run.add('ARRIVALS', null, `${ids - held} items have no place in the order of arrival`);
  });
}

/** Whether the fault of an item without an id record is named by its payload or by the index. */
function isNamed(
  { database, keys, snapshot }: Verification,
  entry: EntryHead,
  index: Snapshot | null,
) {
  if (tryRead(database, keys.item(entry), snapshot) !== undefined) return true;
  return index === null || holds(index, entry);
}

function holds(index: Snapshot, key: ItemKey): boolean {
  return rankBehind(index, key) > index.lowerBound(key);
}
