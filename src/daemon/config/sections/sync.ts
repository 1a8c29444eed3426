import {
  DEFAULT_RECONCILE_OPTIONS,
  DEFAULT_SESSION_LIMITS,
  type ReconcileOptions,
  type SessionLimits,
} from '../../../protocol/options.ts';
import { DEFAULT_REPLICATOR_OPTIONS, type ReplicatorOptions } from '../../replicator/options.ts';
import { choice, fraction, integer, MAX_MS, type Section, section, size } from '../leaves.ts';

export type SyncConfig = {
  /** Dialects of sessions; `auto`: native with peers that speak it, commonware with the others. */
  dialect: 'auto' | 'native' | 'commonware';
} & Pick<
  ReplicatorOptions,
  | 'intervalMs'
  | 'intervalMinMs'
  | 'intervalMaxMs'
  | 'jitter'
  | 'settleMs'
  | 'settleMaxMs'
  | 'silenceMs'
  | 'proveMs'
  | 'catchUpItems'
  | 'sliceItems'
> &
  Pick<
    ReconcileOptions,
    'frameTimeoutMs' | 'sessionTimeoutMs' | 'maxSessions' | 'link' | 'itemBytes'
  > &
  Pick<SessionLimits, 'maxMessageBytes'>;

export const sync: Section<SyncConfig> = section({
  intervalMs: integer([100, MAX_MS], DEFAULT_REPLICATOR_OPTIONS.intervalMs).describe(
    'Milliseconds between sessions with a peer when nothing else asks for one',
  ),
  intervalMinMs: integer([1_000, 86_400_000], DEFAULT_REPLICATOR_OPTIONS.intervalMinMs).describe(
    'Shortest interval, to which differences cut it',
  ),
  intervalMaxMs: integer([1_000, 86_400_000], DEFAULT_REPLICATOR_OPTIONS.intervalMaxMs).describe(
    'Longest interval, to which sessions that find nothing stretch it',
  ),
  jitter: fraction(DEFAULT_REPLICATOR_OPTIONS.jitter).describe(
    'Part of the interval that chance adds or takes',
  ),
  settleMs: integer([0, MAX_MS], DEFAULT_REPLICATOR_OPTIONS.settleMs).describe(
    'Milliseconds of quiet after local changes before a session tells the peers',
  ),
  settleMaxMs: integer([0, MAX_MS], DEFAULT_REPLICATOR_OPTIONS.settleMaxMs).describe(
    'Most milliseconds that unceasing changes may put such a session off',
  ),
  silenceMs: integer([100, 3_600_000], DEFAULT_REPLICATOR_OPTIONS.silenceMs).describe(
    'Milliseconds without a change after which sessions check that all pushes arrived',
  ),
  proveMs: integer([1_000, 86_400_000], DEFAULT_REPLICATOR_OPTIONS.proveMs).describe(
    'Milliseconds within which equality with each peer is proved again while items are written',
  ),
  catchUpItems: integer([1, 1_000_000_000], DEFAULT_REPLICATOR_OPTIONS.catchUpItems).describe(
    'Items a peer has more than this node from which on it catches up from several peers at once',
  ),
  sliceItems: integer([256, 262_144], DEFAULT_REPLICATOR_OPTIONS.sliceItems).describe(
    'Missing items that one peer lists at a time in a catch-up',
  ),
  frameTimeoutMs: integer([100, MAX_MS], DEFAULT_RECONCILE_OPTIONS.frameTimeoutMs).describe(
    'Milliseconds to wait for the next frame of a session',
  ),
  sessionTimeoutMs: integer([100, MAX_MS], DEFAULT_RECONCILE_OPTIONS.sessionTimeoutMs).describe(
    'Milliseconds a session may take as a whole',
  ),
  maxSessions: integer([1, 10_000], DEFAULT_RECONCILE_OPTIONS.maxSessions).describe(
    'Sessions at the same time that this node begins, and as many again that peers begin',
  ),
  link: choice(['auto', 'lean', 'quick'], DEFAULT_RECONCILE_OPTIONS.link).describe(
    'Native sessions take the fewest bytes, the least processor time, or the least time over the measured link',
  ),
  itemBytes: size(['0B', '16KiB'], DEFAULT_RECONCILE_OPTIONS.itemBytes).describe(
    'Longest payload that native sessions bring at once, and not by an id to fetch; 0: none',
  ),
  dialect: choice(['auto', 'native', 'commonware'], 'auto').describe(
    'Dialects of sessions: native with peers that speak it, else commonware; or one of them alone',
  ),
  maxMessageBytes: size(['4KiB', '8MiB'], DEFAULT_SESSION_LIMITS.maxMessageBytes).describe(
    'Longest message of a session',
  ),
});
