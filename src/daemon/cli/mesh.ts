import { peerIdFromString } from '@libp2p/peer-id';
import { EXIT } from '../errors.ts';
import { parses } from '../parses.ts';
import { type AskOptions, ask } from './ask.ts';
import { usage } from './errors.ts';
import { formatPeer, formatPeers, formatStatus, formatSync } from './format.ts';
import { formatPeerTable } from './format-peer-table.ts';
import type { CliInit } from './init.ts';
import type { TargetOptions } from './locate.ts';

/** A session with a large set may take minutes before the answer comes. */
const SYNC_IDLE_MS = 600_000;

export function status(options: AskOptions, init: CliInit): Promise<number> {
  return ask(options, init, {
    call: (daemon) => daemon.getStatus(),
    show: (status, { paint }) => formatStatus(status, paint),
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
  return ask(options, init, { call: (daemon) => daemon.addPeer({ address }), show: formatPeer });
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
    exitCode: ({ equal, sessions }) => {
      if (sessions.some(({ error }) => error !== null)) return EXIT.failure;
      return equal ? EXIT.ok : EXIT.different;
    },
    idleMs: SYNC_IDLE_MS,
  });
}

/** Throws `USAGE`. */
export function checkPeerId(text: string): void {
  if (parses(peerIdFromString)(text)) return;
  throw usage(`${text} is no peer id: give one such as 12D3KooW..., as "rangemesh peers" shows it`);
}
