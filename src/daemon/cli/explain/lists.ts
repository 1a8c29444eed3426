import { EXIT } from '../../errors.ts';
import type {
  LoggedSession,
  PeerDetails,
  SessionsAnswer,
  WantedItem,
  WantsAnswer,
} from '../../explain-api.ts';
import { type AskOptions, ask, withClient } from '../ask.ts';
import { formatBytes, formatCount, formatPeer } from '../format.ts';
import { type CliInit, printLine } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { checkPeerId } from '../mesh.ts';
import { type Screen, screenOf } from '../terminal/index.ts';
import { formatSessionTable, formatWants } from './tables.ts';

/** A table on a terminal; elsewhere, and with `--wide`, all facts. */
export function sessions(options: AskOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.listSessions(),
    show: (answer, screen) =>
      (screen.columns !== null && formatSessionTable(answer, screen)) || formatSessions(answer),
  });
}

export async function showPeer(
  peerId: string,
  options: AskOptions,
  init: CliInit,
): Promise<number> {
  checkPeerId(peerId);
  return ask(options, init, { call: (daemon) => daemon.getPeer(peerId), show: formatDetails });
}

/** Keys of one page. */
const PAGE = 1_000;

/** Lists every wanted item, page by page. */
export function wants(
  options: TargetOptions & { limit?: number; wide?: boolean },
  init: CliInit,
): Promise<number> {
  const screen = screenOf(init.stdout, init, options);
  return withClient(options, init, async (client) => {
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    let cursor: string | null = null;
    do {
      const part = { limit: Math.min(PAGE, left), cursor: cursor ?? undefined };
      const page: WantsAnswer = await client.ask((daemon) => daemon.listWants(part));
      if (screen.columns !== null && options.json !== true && page.items.length > 0) {
        await printLine(init.stdout, formatWants(page.items, screen, cursor === null));
      } else {
        for (const item of page.items) {
          await printLine(init.stdout, options.json ? JSON.stringify(item) : formatWant(item));
        }
      }
      if (cursor === null && page.items.length === 0 && options.json !== true) {
        await printLine(init.stdout, 'no item is wanted');
      }
      left -= page.items.length;
      cursor = page.cursor;
    } while (cursor !== null && left > 0);
    return EXIT.ok;
  });
}

function formatWant({ id, since, sources, bytes, fetchingFrom }: WantedItem): string {
  const size = bytes === null ? '' : `  ${formatBytes(bytes)}`;
  const from = sources.length === 0 ? 'at no connected peer' : `from ${sources.join(', ')}`;
  const now = fetchingFrom === null ? '' : `, being fetched from ${fetchingFrom}`;
  return `${id}  since ${since}${size}  ${from}${now}`;
}

/** Running sessions, then ended ones, the newest first. */
export function formatSessions({ running, ended }: SessionsAnswer): string {
  const lines = [
    ...running.map(({ peerId, session }) => {
      const how = session === null ? 'waits for its turn' : `runs since ${session.startedAt}`;
      return `${peerId}  ${how}`;
    }),
    ...ended.map(formatSession),
  ];
  return lines.length === 0 ? 'no sessions since the start' : lines.join('\n');
}

const PURPOSES = { settle: '', survey: ', survey', compare: ', compared alone' };

function formatSession(session: LoggedSession): string {
  const { number, peerId, startedAt, role, dialect, durationMs, error, equal, purpose } = session;
  const there = session.missingThere === null ? '' : `, ${session.missingThere} missing there`;
  const found =
    purpose === 'survey'
      ? 'different'
      : `${formatCount(session.missing, 'item')} missing here${there}`;
  const result = equal ? 'equal' : found;
  const outcome = error === null ? result : `${error.message} [${error.code}]`;
  const what = PURPOSES[purpose];
  return `${number}  ${startedAt}  ${peerId}  ${role}, ${dialect}, ${durationMs} ms${what}: ${outcome}`;
}

/** As in the list of peers, with more facts and the last sessions. */
export function formatDetails(peer: PeerDetails, screen: Screen): string {
  const { wanted, running, lacks, lacksSince, unlisted, sessions, speaks } = peer;
  const lines = [`lists ${formatCount(wanted, 'item')} wanted here`];
  if (running) lines.push('a session runs');
  if (lacks > 0) lines.push(`lacks ${formatCount(lacks, 'item')} of this node since ${lacksSince}`);
  if (unlisted > 0) lines.push(`${formatCount(unlisted, 'item')} of it missing in the index here`);
  if (speaks !== null) {
    const names = speaks.networks.join(', ') || 'none of rangemesh';
    lines.push(`speaks ${speaks.dialects.join(', ') || 'no dialect'}; network ${names}`);
  }
  const log =
    screen.columns === null
      ? sessions.map((session) => `  session ${formatSession(session)}`)
      : [formatSessionTable({ running: [], ended: sessions }, screen, { peer: false })];
  return [formatPeer(peer), ...lines.map((line) => `  ${line}`), ...log].join('\n').trimEnd();
}
