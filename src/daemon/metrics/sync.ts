import type { SyncState, Verdict } from '../node-api.ts';
import { type Declarations, setOrOmit } from './declare.ts';

/** What this node knows of itself and its peers. */
export interface SyncFigures extends Pick<Verdict, 'state' | 'lagSeconds'> {
  readonly wanted: number;
  readonly orphans: number;
  /** Wanted ids that a request asks for. */
  readonly requested: number;
  /** Milliseconds since the epoch; null: no item is wanted. */
  readonly oldestWantSince: number | null;
  /** Items of connected peers above the limit here. */
  readonly refused: number;
  /** Items still to come; null: no catch-up runs. */
  readonly catchUpMissing: number | null;
}

/** All of `SyncState`: a state that is not the present one is 0, so that alerts see it. */
const STATES: Readonly<Record<SyncState, true>> = {
  'in-sync': true,
  'catching-up': true,
  behind: true,
  different: true,
  alone: true,
  paused: true,
  refusing: true,
  rebuilding: true,
  unreadable: true,
  stopping: true,
};

/** The metrics of being in sync. */
export interface SyncMetrics {
  /** `now` is in milliseconds since the epoch. */
  update(figures: SyncFigures, now: number): void;
}

export function syncMetrics(declare: Declarations): SyncMetrics {
  const states = declare.gauge('sync_state', '1 for the present state of the node, 0 for others.', [
    'state',
  ]);
  const lag = declare.gauge(
    'lag_seconds',
    'Age of the oldest proof that all items of a connected peer are here; absent while a peer has none.',
  );
  const wanted = declare.gauge('wanted_items', 'Items known to be missing here.');
  const orphans = declare.gauge('orphaned_items', 'Wanted items that no connected peer has.');
  const requested = declare.gauge(
    'requested_items',
    'Wanted items that a running request asks for.',
  );
  const oldest = declare.gauge(
    'oldest_want_age_seconds',
    'Age of the oldest want, to a minute; 0 if there is none.',
  );
  const refused = declare.gauge(
    'refused_items',
    'Items of connected peers above limits.maxItemBytes here.',
  );
  const catchUp = declare.gauge(
    'catch_up_missing_items',
    'Items that a catch-up has still to bring.',
  );
  return {
    update(figures, now) {
      const { oldestWantSince } = figures;
      for (const state of Object.keys(STATES))
        states.set({ state }, Number(state === figures.state));
      setOrOmit(lag, figures.lagSeconds);
      wanted.set(figures.wanted);
      orphans.set(figures.orphans);
      requested.set(figures.requested);
      oldest.set(oldestWantSince === null ? 0 : Math.max(0, now - oldestWantSince) / 1_000);
      refused.set(figures.refused);
      catchUp.set(figures.catchUpMissing ?? 0);
    },
  };
}
