import { type BudgetOptions, parseScheduled } from '../../budgets/index.ts';
import { DEFAULT_BUDGET_OPTIONS } from '../../budgets/options.ts';
import { parses } from '../../parses.ts';
import { type ListMember, list, reloadable, type Section, section, size } from '../leaves.ts';

export type BudgetsConfig = BudgetOptions & { schedule: string[] };

const SCHEDULED: ListMember = {
  test: parses(parseScheduled),
  expected:
    'a time of the day and its rates, such as "22:00-06:00 unlimited" or "08:00-18:00 256KiB/1MiB", of 64KiB at least',
  plural: 'times of the day with their rates, such as "22:00-06:00 unlimited"',
};

const rate = (key: Exclude<keyof BudgetOptions, 'schedule'>) =>
  reloadable(size(['0B', '1TiB'], DEFAULT_BUDGET_OPTIONS[key]));

export const budgets: Section<BudgetsConfig> = section({
  uploadBytesPerSecond: rate('uploadBytesPerSecond').describe(
    'Most bytes of replication to all peers together in a second; 0: no limit',
  ),
  downloadBytesPerSecond: rate('downloadBytesPerSecond').describe(
    'Most bytes of replication from all peers together in a second; 0: no limit',
  ),
  peerUploadBytesPerSecond: rate('peerUploadBytesPerSecond').describe(
    'Most bytes of replication to each peer in a second; 0: no limit',
  ),
  peerDownloadBytesPerSecond: rate('peerDownloadBytesPerSecond').describe(
    'Most bytes of replication from each peer in a second; 0: no limit',
  ),
  schedule: reloadable(list(SCHEDULED, [])).describe(
    'Times of the day, local, with other rates of all peers together; the first that holds counts',
  ),
});
