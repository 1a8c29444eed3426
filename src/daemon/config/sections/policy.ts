import {
  DEFAULT_POLICY_OPTIONS as DEFAULT,
  ON_FAILURE,
  type PolicyOptions,
} from '../../guard/options.ts';
import {
  choice,
  file,
  integer,
  list,
  MAX_MS,
  type Section,
  section,
  size,
  WORD,
} from '../leaves.ts';

export type PolicyConfig = PolicyOptions & {
  /** The program and its arguments; empty: none. */
  command: string[];
  /** A file; null: none. */
  module: string | null;
};

export const policy: Section<PolicyConfig> = section({
  command: list(WORD, []).describe(
    'Program that decides which items are written here, with its arguments; it runs in node.dataDir',
  ),
  module: file().describe(
    'JavaScript module that decides instead: its default export is a function',
  ),
  timeoutMs: integer([10, MAX_MS], DEFAULT.timeoutMs).describe(
    'Milliseconds for one batch of questions, past which the policy counts as failed',
  ),
  onFailure: choice(ON_FAILURE, DEFAULT.onFailure).describe(
    'What happens with items while the policy fails',
  ),
  firstBytes: size(['0B', '4KiB'], DEFAULT.firstBytes).describe(
    'First bytes of the payload that a question shows',
  ),
  batchItems: integer([1, 4_096], DEFAULT.batchItems).describe('Items in one batch of questions'),
  maxWaiting: integer([1, 1_000_000], DEFAULT.maxWaiting).describe(
    'Items that may wait for an answer; further puts and pushed items are refused',
  ),
});
