import type { SessionsAnswer, SyncedAnswer, WantsAnswer } from '../../explain-api.ts';
import type { Status, StoreIncident } from '../../node-api.ts';
import type { EventLine } from '../../schemas/index.ts';
import { type ArrivalsRead, type ArrivingItems, arrived, NO_ARRIVALS } from './arrivals.ts';
import { type HistoryTotals, ratesBetween, type SeriesPoint, withPoint } from './history.ts';
import { mergedIncidents } from './incidents.ts';

/** All that the page shows. */
export interface PageState {
  readonly connection:
    | { readonly state: 'connecting' | 'live' | 'locked' }
    | { readonly state: 'lost'; readonly reason: string };
  readonly status: Status | null;
  readonly synced: SyncedAnswer | null;
  readonly sessions: SessionsAnswer | null;
  readonly wants: WantsAnswer | null;
  readonly arrivals: ArrivingItems;
  /** The newest first. */
  readonly incidents: readonly StoreIncident[];
  readonly points: readonly SeriesPoint[];
  readonly totals: HistoryTotals | null;
}

/** News for the page. `atMs` is of the clock of the browser. */
export type PageEvent =
  | { readonly type: 'status'; readonly status: Status; readonly atMs: number }
  | { readonly type: 'synced'; readonly synced: SyncedAnswer }
  | { readonly type: 'proofs'; readonly peers: SyncedAnswer['peers'] }
  | { readonly type: 'sessions'; readonly sessions: SessionsAnswer }
  | { readonly type: 'wants'; readonly wants: WantsAnswer }
  | ({ readonly type: 'arrivals' } & ArrivalsRead)
  | { readonly type: 'told'; readonly line: EventLine }
  | { readonly type: 'locked' }
  | { readonly type: 'lost'; readonly reason: string };

export const INITIAL_STATE: PageState = {
  connection: { state: 'connecting' },
  status: null,
  synced: null,
  sessions: null,
  wants: null,
  arrivals: NO_ARRIVALS,
  incidents: [],
  points: [],
  totals: null,
};

export function reduce(state: PageState, event: PageEvent): PageState {
  switch (event.type) {
    case 'status':
      return withStatus(state, event.status, event.atMs / 1_000);
    case 'synced':
      return { ...state, synced: event.synced };
    case 'proofs':
      return { ...state, synced: state.synced && { ...state.synced, peers: event.peers } };
    case 'sessions':
      return { ...state, sessions: event.sessions };
    case 'wants':
      return { ...state, wants: event.wants };
    case 'arrivals':
      return { ...state, arrivals: arrived(state.arrivals, event) };
    case 'told':
      return withEvent(state, event.line);
    case 'locked':
      // The data of a daemon that asks for its token now is not to be read on.
      return { ...INITIAL_STATE, connection: { state: 'locked' } };
    case 'lost':
      return { ...state, connection: { state: 'lost', reason: event.reason } };
  }
}

function withStatus(state: PageState, status: Status, at: number): PageState {
  const { epoch, newest } = state.arrivals;
  const totals = { at, arrivals: epoch === null ? null : newest, ...status.transfer };
  const point = {
    at,
    ...ratesBetween(state.totals, totals),
    lagSeconds: status.lagSeconds,
    items: status.set.items,
  };
  return {
    ...state,
    connection: { state: 'live' },
    status,
    totals,
    points: withPoint(state.points, point),
    incidents: mergedIncidents(state.incidents, status.incidents),
  };
}

function withEvent(state: PageState, line: EventLine): PageState {
  if (line.type !== 'incident') return state;
  const { at, code, message } = line;
  return { ...state, incidents: mergedIncidents([{ at, code, message }], state.incidents) };
}
