import type { SyncState } from '../../node-api.ts';
import type { PageState } from './page-state.ts';

/** `good`: in sync. `busy`: it becomes so by itself. `bad`: somebody has to act. `off`: nothing is known. */
export type VerdictTone = 'good' | 'busy' | 'bad' | 'off';

/** The large verdict of the page. */
export interface PageVerdict {
  readonly tone: VerdictTone;
  readonly title: string;
  readonly reason: string;
}

const WORDS: Readonly<Record<SyncState, readonly [VerdictTone, string]>> = {
  'in-sync': ['good', 'In sync'],
  'catching-up': ['busy', 'Catching up'],
  behind: ['busy', 'Behind'],
  different: ['bad', 'Sets differ'],
  alone: ['off', 'Alone'],
  paused: ['off', 'Paused'],
  refusing: ['bad', 'Takes no items'],
  rebuilding: ['busy', 'Rebuilding'],
  unreadable: ['bad', 'Cannot read its data'],
  stopping: ['off', 'Stopping'],
};
/** States in which the age of proofs decides; `/v1/synced` knows more than the status then. */
const BY_PROOFS: readonly SyncState[] = ['in-sync', 'behind'];

export function verdictOf({ connection, status, synced }: PageState): PageVerdict {
  if (connection.state === 'locked')
    return nothing('Token needed', 'This daemon shows its state to holders of its token only.');
  if (connection.state === 'lost')
    return { ...nothing('No answer', connection.reason), tone: 'bad' };
  if (status === null) return nothing('Connecting', 'The page asks the daemon for its state.');
  const { state, reason } = synced !== null && BY_PROOFS.includes(status.state) ? synced : status;
  // A later version may have further states.
  const [tone, title] = WORDS[state] ?? ['off', state];
  return { tone, title, reason: sentence(reason) };
}

function nothing(title: string, reason: string): PageVerdict {
  return { tone: 'off', title, reason: sentence(reason) };
}

/** Reasons of the daemon begin in lower case, since the command line writes them behind a colon. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) || begun === '' ? begun : `${begun}.`;
}
