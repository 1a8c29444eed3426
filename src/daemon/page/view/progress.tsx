import type { VNode } from 'preact';
import type { Status } from '../../node-api.ts';
import { countText, durationText, rateText } from '../state/index.ts';

/** Catching up, while this node is far behind. */
export function Progress({ status: { catchUp } }: { readonly status: Status }): VNode | null {
  if (catchUp === null) return null;
  const { stored, missing, estimated, itemsPerSecond, secondsLeft, peers, slices, phase } = catchUp;
  const part = stored / Math.max(1, stored + missing);
  const left = secondsLeft === null ? '' : `, ${durationText(secondsLeft)} left`;
  const rate = itemsPerSecond === null ? '' : `, ${rateText(itemsPerSecond)} items a second`;
  return (
    <section class="card progress" aria-label="Catching up">
      <h2>Catching up from {peers === 1 ? '1 peer' : `${peers} peers`}</h2>
      <progress max={1} value={part} aria-label="Part of the missing items that is stored" />
      <p>
        {countText(stored)} items stored, {estimated ? 'about ' : ''}
        {countText(missing)} missing{rate}
        {left}.
      </p>
      <p class="note">
        {phase === 'closing'
          ? 'A last session with each peer checks everything.'
          : `${slices.closed} of ${slices.total} slices are complete, ${slices.checked} are checked.`}
        {slices.givenUp > 0 && ` No peer could complete ${slices.givenUp} slices.`}
      </p>
    </section>
  );
}
