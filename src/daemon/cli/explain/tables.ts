import type { LoggedSession, SessionsAnswer, WantedItem } from '../../explain-api.ts';
import { formatBytes, formatNumber } from '../format.ts';
import {
  formatTable,
  type Screen,
  shortId,
  shortItemId,
  type TableColumn,
} from '../terminal/index.ts';

/** A session that runs or waits has no outcome yet. */
interface SessionRow {
  readonly number: number | null;
  readonly peerId: string;
  readonly startedAt: string | null;
  readonly role: string;
  readonly durationMs: number | null;
  readonly outcome: string;
  readonly trouble: boolean;
}

/** Running sessions, then ended ones; empty without sessions. */
export function formatSessionTable(
  { running, ended }: SessionsAnswer,
  screen: Screen,
  { peer = true }: { readonly peer?: boolean } = {},
): string {
  const rows = [...running.map(runningRow), ...ended.map(endedRow)];
  const columns = peer ? SESSIONS : SESSIONS.filter(({ title }) => title !== 'PEER');
  return rows.length === 0 ? '' : formatTable(rows, columns, screen);
}

function runningRow({ peerId, session }: SessionsAnswer['running'][number]): SessionRow {
  const outcome = session === null ? 'waits for its turn' : 'runs';
  const role = session?.role ?? '-';
  const startedAt = session?.startedAt ?? null;
  return { number: null, peerId, startedAt, role, durationMs: null, outcome, trouble: false };
}

const PURPOSES = { settle: '', survey: 'survey: ', compare: 'compare: ' };

function endedRow(session: LoggedSession): SessionRow {
  const { error, equal, purpose, missing, missingThere } = session;
  const there = missingThere === null ? '' : `, ${formatNumber(missingThere)} there`;
  const lacking =
    purpose === 'survey' ? 'different' : `${formatNumber(missing)} missing here${there}`;
  const found = equal ? 'equal' : lacking;
  const outcome = error === null ? PURPOSES[purpose] + found : error.code;
  return { ...session, outcome, trouble: error !== null };
}

const SESSIONS: readonly TableColumn<SessionRow>[] = [
  { title: '#', cell: ({ number }) => `${number ?? '-'}`, align: 'right' },
  {
    title: 'STARTED',
    cell: ({ startedAt }) => startedAt ?? '-',
    short: ({ startedAt }) => shortTime(startedAt),
  },
  { title: 'PEER', cell: ({ peerId }) => peerId, short: ({ peerId }) => shortId(peerId) },
  { title: 'ROLE', cell: ({ role }) => role, short: ({ role }) => role.slice(0, 4) },
  {
    title: 'MS',
    cell: ({ durationMs }) => (durationMs === null ? '-' : `${Math.round(durationMs)}`),
    align: 'right',
  },
  {
    title: 'OUTCOME',
    cell: ({ outcome }) => outcome,
    cut: true,
    paint: ({ trouble }, text, { paint }) => (trouble ? paint.bad(text) : text),
  },
];

const WANTS: readonly TableColumn<WantedItem>[] = [
  { title: 'ID', cell: ({ id }) => id, short: ({ id }) => shortItemId(id) },
  { title: 'SINCE', cell: ({ since }) => since, short: ({ since }) => shortTime(since) },
  {
    title: 'SIZE',
    cell: ({ bytes }) => (bytes === null ? '?' : formatBytes(bytes)),
    align: 'right',
    width: 9,
  },
  {
    title: 'FROM',
    cell: (item) => sourcesOf(item, (peer) => peer),
    short: (item) => sourcesOf(item, shortId),
    cut: true,
  },
];

/** Pages follow each other: the first has the header. */
export function formatWants(items: readonly WantedItem[], screen: Screen, header: boolean): string {
  return formatTable(items, WANTS, screen, { header });
}

/** The peer that sends it right now comes first. */
function sourcesOf({ sources, fetchingFrom }: WantedItem, show: (peer: string) => string): string {
  if (fetchingFrom === null && sources.length === 0) return 'no connected peer';
  const others = sources.filter((peer) => peer !== fetchingFrom).map(show);
  return [...(fetchingFrom === null ? [] : [`${show(fetchingFrom)} now`]), ...others].join(', ');
}

/** To the second. */
function shortTime(time: string | null): string {
  return time === null ? '-' : time.replace('T', ' ').replace(/\.\d+Z$/, '');
}
