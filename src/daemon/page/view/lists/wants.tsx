import type { VNode } from 'preact';
import type { WantsAnswer } from '../../../explain-api.ts';
import { countText, shortId } from '../../state/index.ts';

interface WantsProps {
  readonly wants: WantsAnswer | null;
  readonly onPick: (id: string) => void;
}

/** Items that peers have and this node waits for. */
export function Wants({ wants, onPick }: WantsProps): VNode {
  const { wanted = 0, orphans = 0, items = [] } = wants ?? {};
  return (
    <section class="card" aria-labelledby="wants">
      <h2 id="wants">
        Wanted items <span class="count">{countText(wanted)}</span>
      </h2>
      {wanted === 0 && <p class="hint">This node has all items that it knows of.</p>}
      {orphans > 0 && (
        <p>
          No connected peer is known to have {countText(orphans)} of them. Connect the peers that
          had them.
        </p>
      )}
      <ul class="rows">
        {items.map(({ id, sources, fetchingFrom }) => (
          <li key={id}>
            <button type="button" class="id" onClick={() => onPick(id)}>
              {shortId(id)}
            </button>
            <span class="what">
              {fetchingFrom === null
                ? `${countText(sources.length)} sources`
                : `being fetched from …${shortId(fetchingFrom)}`}
            </span>
          </li>
        ))}
      </ul>
      {wanted > items.length && <p class="note">{countText(wanted - items.length)} more.</p>}
    </section>
  );
}
