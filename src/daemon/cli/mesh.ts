import { peerIdFromString } from '@libp2p/peer-id';
import { EXIT } from '../errors.ts';
import type { SyncResult } from '../node-api.ts';
import { parses } from '../parses.ts';
import { type AskOptions, ask } from './ask.ts';
import { exitCodeOf, type LastWords, usage } from './errors.ts';
import { formatPeer, formatPeers, formatStatus, formatSync } from './format.ts';
import { formatPeerTable } from './format-peer-table.ts';
import type { CliInit } from './init.ts';
import type { TargetOptions } from './locate.ts';

/** A session with a large set may take minutes before the answer comes. */
const SYNC_IDLE_MS = 600_000;

export function status(options: AskOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.getStatus(),
    show: formatStatus,
  });
}

/** Health checks give up sooner than people. */
const PROBE_IDLE_MS = 5_000;

export function probe(
  state: 'live' | 'ready',
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  return ask(options, init, {
    call: (daemon) => (state === 'live' ? daemon.getLive() : daemon.getReady()),
    show: ({ status }) => status,
    idleMs: PROBE_IDLE_MS,
  });
}

/** A table on a terminal; elsewhere, and with `--wide`, all facts. */
export function peers(options: AskOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.listPeers(),
    show: ({ peers }, screen) => ({
      text: screen.columns === null ? formatPeers(peers) : formatPeerTable(peers, screen),
      advice: peers.length === 0 ? [NO_PEERS] : [],
    }),
  });
}

const NO_PEERS = 'no peers; add one with "rangemesh peers add ADDRESS"';

export function addPeer(address: string, options: TargetOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.addPeer({ address }),
    show: formatPeer,
    busy: 'dialling',
  });
}

export function removePeer(
  address: string,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.removePeer({ address }),
    show: ({ removed }) => removed.map(notDialled).join('\n'),
  });
}

export async function forgetPeer(
  peerId: string,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  checkPeerId(peerId);
  return ask(options, init, {
    call: (daemon) => daemon.removePeer({ peerId }),
    show: ({ removed }) => [`${peerId}  is forgotten`, ...removed.map(notDialled)].join('\n'),
  });
}

export async function pardonPeer(
  peerId: string,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  checkPeerId(peerId);
  return ask(options, init, {
    call: (daemon) => daemon.pardonPeer(peerId),
    show: () => `${peerId}  has no penalties any more`,
  });
}

function notDialled(address: string): string {
  return `${address}  is not dialled any more`;
}

/** Fails if a session did, and with a code of its own if sets are not equal. */
export async function sync(
  peerId: string | undefined,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  if (peerId !== undefined) checkPeerId(peerId);
  return ask(options, init, {
    call: (daemon) => daemon.sync({ peerId }),
    show: formatSync,
    busy: 'running sessions',
    failure: ({ sessions }) => failedSessions(sessions),
    exitCode: ({ equal }) => (equal ? EXIT.ok : EXIT.different),
    idleMs: SYNC_IDLE_MS,
  });
}

/** The words for sessions that failed, with the code of the first; null if none failed. */
function failedSessions(sessions: readonly SyncResult[]): LastWords | null {
  const failed = sessions.flatMap(({ peerId, error }) =>
    error === null ? [] : [{ peerId, error }],
  );
  const [first] = failed;
  if (first === undefined) return null;
  const { code, message: reason } = first.error;
  const count = `${failed.length} of ${sessions.length} sessions failed`;
  const which =
    sessions.length === 1
      ? `the session with ${first.peerId} failed`
      : `${count}, ${failed.length === 1 ? '' : 'the first '}with ${first.peerId}`;
  // Any other failure weighs more than a peer that is of another version.
  const exitCode = Math.min(...failed.map(({ error }) => exitCodeOf(error.code)));
  return { error: { code, message: `${which}: ${reason}` }, exitCode };
}

/** Throws `USAGE`. */
export function checkPeerId(text: string): void {
  if (parses(peerIdFromString)(text)) return;
  throw usage(`${text} is no peer id: give one such as 12D3KooW..., as "rangemesh peers" shows it`);
}
