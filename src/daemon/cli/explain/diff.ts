import { EXIT } from '../../errors.ts';
import type { DiffAnswer, DiffKey } from '../../explain-api.ts';
import { ask } from '../ask.ts';
import { formatCount, formatNumber } from '../format.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { checkPeerId } from '../mesh.ts';
import { type Screen, shortItemId } from '../terminal/index.ts';

export interface DiffOptions extends TargetOptions {
  from?: string;
  to?: string;
  limit?: number;
}

/** A session with a large set may take minutes before the answer comes. */
const IDLE_MS = 600_000;

/** Names the keys that one side alone has. */
export async function diff(peerId: string, options: DiffOptions, init: CliInit): Promise<number> {
  checkPeerId(peerId);
  const { from, to, limit } = options;
  const body = { peerId, from, to, limit };
  return ask(options, init, {
    call: (daemon) => daemon.diff(body),
    show: formatDiff,
    busy: 'comparing',
    exitCode: ({ equal }) => (equal ? EXIT.ok : EXIT.different),
    idleMs: IDLE_MS,
  });
}

/** A line for each key, marked like the lines of diff(1), and the counts in the last line. */
function formatDiff(answer: DiffAnswer, { columns }: Screen): string {
  const { onlyHere, onlyThere, unlisted, counts, equal, truncated } = answer;
  const lines = (mark: string, keys: readonly DiffKey[]) =>
    keys.map(({ id, hint }) => {
      const rest = hint === null ? '' : `  hint ${hint}`;
      const whole = `${mark} ${id}${rest}`;
      const fits = columns === null || whole.length <= columns;
      return fits ? whole : `${mark} ${shortItemId(id)}${rest}`;
    });
  const rest = truncated ? '; not all of them are named above' : '';
  const found = `${formatCount(counts.here, 'key')} only here, ${formatNumber(counts.there)} only there`;
  const hidden =
    unlisted.length === 0
      ? ''
      : `; ! marks items that are here and missing in the index: run "rangemesh verify"`;
  return [
    ...lines('<', onlyHere),
    ...lines('>', onlyThere),
    ...lines('!', unlisted),
    equal ? 'equal' : `${found}${rest}${hidden}`,
  ].join('\n');
}
