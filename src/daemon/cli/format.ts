import type { AnnounceTotals } from '../../protocol/index.ts';
import type {
  LastSession,
  PeerStatus,
  ProvedAt,
  Status,
  SyncAnswer,
  SyncResult,
} from '../node-api.ts';
import {
  besides,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  type Paint,
  PLAIN,
  type Screen,
} from './terminal/index.ts';

export { formatBytes, formatCount, formatDuration, formatNumber } from './terminal/index.ts';

/** Shown to people; --json has all. */
const MAX_INCIDENTS = 5;

export function formatStatus(status: Status, screen: Screen = PLAIN): string {
  const { paint } = screen;
  const { set, transfer, push } = status;
  const connected = status.peers.filter((peer) => peer.connected).length;
  const inSync = status.peers.filter((peer) => peer.inSync).length;
  const lines = [
    ['peer id', status.peerId],
    ['network', status.network],
    ['version', `${status.version}, up ${formatDuration(status.uptimeSeconds)}`],
    ['state', `${formatState(status.state, paint)}: ${status.reason}`],
    ['lag', status.lagSeconds === null ? 'not known' : `${status.lagSeconds} s`],
    ['addresses', status.addresses.join('\n') || 'none'],
    ['set', `${formatCount(set.items, 'item')}, ${formatBytes(set.bytes)}`],
    ['fingerprint', set.fingerprint ?? 'not known while the index is not there'],
    ['commit', formatNumber(status.commit)],
    ['wanted', formatWanted(status)],
    ...catchingUp(status),
    ['received', formatBytes(transfer.receivedBytes)],
    ['sent', formatBytes(transfer.sentBytes)],
    ...budgeted(status),
    ['push', push === null ? 'off' : formatPush(push)],
    ['peers', `${connected} connected of ${status.peers.length}, ${inSync} in sync`],
    ['mesh', formatMesh(status.mesh)],
    ['scrub', formatScrub(status.scrub)],
  ];
  const bad = troubles(status).map(([name, value]) => [name, paint.bad(value)]);
  return [...lines, ...bad]
    .map(([name, value]) => besides(`${name!.padEnd(12)} `, value!, screen))
    .join('\n');
}

function formatState(state: Status['state'], paint: Paint): string {
  return state === 'in-sync' ? paint.good(state) : paint.warn(state);
}

function formatWanted({ wanted, orphans }: Status): string {
  const lost = orphans === 0 ? '' : `, ${formatNumber(orphans)} of them at no connected peer`;
  return formatCount(wanted, 'item') + lost;
}

/** Nothing where there is no limit, and no schedule that lifts one. */
function budgeted({ budgets }: Status): [string, string][] {
  const { scheduled, ...limits } = budgets;
  const named: [name: string, rate: number][] = [
    ['upload', limits.uploadBytesPerSecond],
    ['download', limits.downloadBytesPerSecond],
    ['upload to a peer', limits.peerUploadBytesPerSecond],
    ['download from a peer', limits.peerDownloadBytesPerSecond],
  ];
  const rates = named
    .filter(([, rate]) => rate > 0)
    .map(([name, rate]) => `${name} ${formatBytes(rate)} a second`);
  if (rates.length === 0 && scheduled === null) return [];
  const now = rates.join(', ') || 'no limit';
  return [['budget', scheduled === null ? now : `${now} (${scheduled})`]];
}

function formatMesh({ known, connected, degree }: Status['mesh']): string {
  return `${formatCount(known, 'other node')} known, ${connected} connected, ${degree} sought`;
}

/** No percentage: how much is missing grows while peers write. */
function catchingUp({ catchUp }: Status): [string, string][] {
  if (catchUp === null) return [];
  const { phase, stored, missing, estimated, slices, peers } = catchUp;
  const { itemsPerSecond, secondsLeft } = catchUp;
  const who = formatCount(peers, 'peer');
  if (phase === 'closing') {
    const rest = `comparing everything once more with ${who}`;
    return [['catching up', `${formatCount(stored, 'item')}; ${rest}`]];
  }
  const rate = itemsPerSecond === null ? '' : `, ${formatCount(itemsPerSecond, 'item')} a second`;
  const left = secondsLeft === null ? '' : `, about ${formatDuration(secondsLeft)} left`;
  const givenUp = slices.givenUp === 0 ? '' : `, ${slices.givenUp} of them given up`;
  const done = `${slices.closed} of ${formatCount(slices.total, 'slice')} done${givenUp}`;
  const basis = estimated ? 'missing by what peers say' : 'known to be missing';
  const known = `${formatNumber(missing)} ${basis}`;
  return [
    ['catching up', `${formatCount(stored, 'item')} from ${who}, ${known}${rate}${left}; ${done}`],
  ];
}

function formatScrub({ running, checked, passes }: Status['scrub']): string {
  const done = `${formatCount(checked, 'item')} checked, ${formatNumber(passes)} complete`;
  return `${running ? 'running' : 'off'}, ${done}`;
}

/** Lines that a healthy node does not have. */
function troubles(status: Status): [string, string][] {
  const { rebuilding, needsRefill, quarantined, incidents, refusing, refused } = status;
  const lines: [string, string][] = [];
  if (refused > 0) {
    const what = `${formatCount(refused, 'item')} of peers, above limits.maxItemBytes here`;
    lines.push(['refused', what]);
  }
  if (rebuilding !== null) {
    const done = `${formatNumber(rebuilding.items)} of ${formatCount(rebuilding.of, 'item')}`;
    lines.push(['rebuilding', `the index, ${done}`]);
  }
  if (needsRefill) {
    lines.push(['refill', 'items were lost; sessions with all peers bring them back']);
  }
  if (quarantined > 0) {
    lines.push(['quarantine', `${formatCount(quarantined, 'damaged item')} not replaced yet`]);
  }
  const shown = incidents.slice(-MAX_INCIDENTS);
  if (incidents.length > shown.length) {
    lines.push(['incidents', `last ${shown.length} of ${incidents.length}`]);
  }
  for (const { at, code, message } of shown) lines.push(['incident', `${at} ${message} [${code}]`]);
  if (refusing !== null) lines.push(['refusing', `${refusing.message} [${refusing.code}]`]);
  return lines;
}

function formatPush({ announced, received, gaps, overloaded }: AnnounceTotals): string {
  const heard = `${formatCount(announced, 'item')} announced, ${formatCount(received, 'item')} heard of`;
  const lost = gaps === 0 ? '' : `, ${formatCount(gaps, 'gap')}`;
  const left = overloaded ? '; this node is overloaded, and sessions bring new items' : '';
  return heard + lost + left;
}

export function formatPeers(peers: readonly PeerStatus[]): string {
  return peers.map(formatPeer).join('\n');
}

const ORIGINS = {
  config: 'configured',
  runtime: 'added',
  discovered: 'discovered',
  inbound: 'came to us',
};

function termsOf({ gives, takes }: PeerStatus): string[] {
  return [
    ...(gives ? [] : ['gives nothing: write-only here']),
    ...(takes ? [] : ['takes nothing: read-only here']),
  ];
}

const ROLES = { replicate: [], read: ['may only read'], write: ['may only write'] };

export function formatPeer(peer: PeerStatus): string {
  const state = [
    peer.connected ? 'connected' : 'not connected',
    peer.inSync ? 'in sync' : 'not known to be equal',
    ORIGINS[peer.origin],
    ...ROLES[peer.standing.role],
    ...termsOf(peer),
  ];
  const { lastSession: session, lastError } = peer;
  const lines = [
    `${peer.peerId ?? 'not reached yet'}  ${state.join(', ')}  ${peer.address ?? ''}`.trimEnd(),
  ];
  if (session !== null) {
    const outcome =
      session.error === null
        ? formatMissing(session)
        : `${session.error.message} [${session.error.code}]`;
    lines.push(
      `  last session ${session.startedAt}, ${session.role}, ${session.dialect}, ${session.durationMs} ms, ` +
        `${formatCount(session.rounds, 'round')}, sent ${formatBytes(session.bytesSent)}, ` +
        `received ${formatBytes(session.bytesReceived)}${formatEfficiency(session)}: ${outcome}`,
    );
  }
  for (const [what, proved] of [
    ['all it held is here', peer.coversAsOf],
    ['both sets were equal', peer.equalAsOf],
  ] as const) {
    if (proved !== null) lines.push(`  ${what} as of ${proved.at}${formatInterval(proved)}`);
  }
  const { score, lastPenalty, bannedUntil } = peer.standing;
  if (lastPenalty !== null) {
    const { code, protocol, at } = lastPenalty;
    const ban = bannedUntil === null ? '' : `, banned until ${bannedUntil}`;
    lines.push(`  last penalty ${at}: ${code} (${protocol}), score ${score}${ban}`);
  }
  if (lastError !== null) {
    lines.push(`  last error ${lastError.at}: ${lastError.message} [${lastError.code}]`);
  }
  return lines.join('\n');
}

function formatEfficiency({ efficiency }: LastSession): string {
  return efficiency === null ? '' : `, ${efficiency} times the least possible`;
}

/** The interval that a statement is about, unless that is everything; the floor of what both accept. */
export function formatInterval({ interval: { lower, upper }, whole }: ProvedAt): string {
  if (!whole) return `, from hint ${lower} to ${upper} alone`;
  return lower === '0' ? '' : `, from hint ${lower} on`;
}

/** Each session in a line, and the result of all in the last. */
export function formatSync(answer: SyncAnswer): string {
  return [...answer.sessions.map(formatSession), formatResult(answer)].join('\n');
}

/** Sessions tell of the time when they began, the state tells of now. */
function formatResult({ sessions, equal, state, reason }: SyncAnswer): string {
  const different = sessions.some(({ equal, error }) => error === null && !equal);
  if (state !== 'in-sync') {
    if (equal) return `the sets are equal; ${state}: ${reason}`;
    const are = different ? 'are different' : 'are not known to be equal';
    return `the sets ${are}; ${state}: ${reason}`;
  }
  if (equal) return 'the sets are equal; in-sync';
  if (different) return `the sets were different when the sessions began; now ${reason}`;
  return `not every session told whether the sets are equal; ${reason}`;
}

function formatSession(session: SyncResult): string {
  const { peerId, equal, error, refused } = session;
  if (error !== null) return `${peerId}  failed: ${error.message} [${error.code}]`;
  if (equal) return `${peerId}  equal`;
  const more = refused === 0 ? '' : `, ${formatNumber(refused)} refused here`;
  return `${peerId}  different: ${formatMissing(session)}${more}`;
}

/** Ids that either side lacked when a session began. */
function formatMissing({
  missing,
  missingThere,
}: Pick<SyncResult, 'missing' | 'missingThere'>): string {
  const there = missingThere === null ? '' : `, ${formatNumber(missingThere)} missing there`;
  return `${formatCount(missing, 'item')} missing here${there}`;
}
