import type { VNode } from 'preact';
import type { Change } from '../../../schemas/index.ts';
import {
  ago,
  bytesText,
  countText,
  type PageState,
  peersHolding,
  shortId,
} from '../../state/index.ts';
import { instantMs } from '../browser.ts';
import { useNow } from '../use-daemon.ts';

interface ArrivalListProps {
  readonly state: PageState;
  readonly onPick: (id: string) => void;
}

const SHOWN = 12;

/** The latest items, and how many peers hold each. */
export function ArrivalList({ state: { arrivals, synced }, onPick }: ArrivalListProps): VNode {
  const now = useNow();
  const { entries, skipped } = arrivals;
  const peers = synced?.peers ?? [];
  return (
    <section class="card" aria-labelledby="arrivals">
      <h2 id="arrivals">Arriving items</h2>
      {entries.length === 0 && <p class="hint">No items yet.</p>}
      <ul class="rows arrivals">
        {entries.slice(0, SHOWN).map((entry) => (
          <li key={entry.seq} data-id={entry.id}>
            <button type="button" class="id" onClick={() => onPick(entry.id)}>
              {shortId(entry.id)}
            </button>
            <span class="what">
              {bytesText(entry.bytes)}, {sourceText(entry.from)}
            </span>
            <span class="when">{entry.at === null ? '' : ago(instantMs(entry.at), now)}</span>
            {peers.length > 0 && <Spread held={peersHolding(entry, peers)} of={peers.length} />}
          </li>
        ))}
      </ul>
      {skipped > 0 && (
        <p class="note">{countText(skipped)} further items came too fast to be listed.</p>
      )}
    </section>
  );
}

function Spread({ held, of }: { readonly held: number; readonly of: number }): VNode {
  const isEverywhere = held === of;
  return (
    <span class={isEverywhere ? 'spread good' : 'spread'}>
      {isEverywhere
        ? `✓ at ${of === 1 ? 'the peer' : `all ${of} peers`}`
        : `proved at ${held} of ${of}`}
    </span>
  );
}

function sourceText(from: Change['from']): string {
  if (from === 'local') return 'put here';
  return from === null ? 'source unknown' : `from …${shortId(from)}`;
}
