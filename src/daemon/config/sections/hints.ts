import { DEFAULT_HINT_OPTIONS, type HintOptions } from '../../retention/options.ts';
import { choice, duration, reloadable, type Section, section } from '../leaves.ts';

export type HintsConfig = { -readonly [Key in keyof HintOptions]: HintOptions[Key] };

export const hints: Section<HintsConfig> = section({
  unit: reloadable(choice(['none', 'milliseconds'], DEFAULT_HINT_OPTIONS.unit)).describe(
    'What hints are: milliseconds since the epoch, or numbers that only order the set',
  ),
  maxAhead: reloadable(duration(['0', '3650d'], DEFAULT_HINT_OPTIONS.maxAhead)).describe(
    'How far a hint in milliseconds may be ahead of the clock; 0: no bound',
  ),
});
