import { peerIdFromString } from '@libp2p/peer-id';
import { EXIT } from '../errors.ts';
import type { PeerStatus, Status, SyncAnswer } from '../node-api.ts';
import { parses } from '../parses.ts';
import { ask } from './ask.ts';
import { usage } from './errors.ts';
import { formatPeer, formatPeers, formatStatus, formatSync } from './format.ts';
import type { CliInit } from './init.ts';
import type { TargetOptions } from './locate.ts';

/** A session with a large set may take minutes before the answer comes. */
const SYNC_IDLE_MS = 600_000;

export function status(options: TargetOptions, init: CliInit): Promise<number> {
  const call = { method: 'GET', path: '/v1/status' } as const;
  return ask<Status>(options, init, call, formatStatus);
}

/** Health checks give up sooner than people. */
const PROBE_IDLE_MS = 5_000;

export function probe(
  state: 'live' | 'ready',
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  const call = { method: 'GET', path: `/${state}z`, idleMs: PROBE_IDLE_MS } as const;
  return ask<{ status: string }>(options, init, call, ({ status }) => status);
}

export function peers(options: TargetOptions, init: CliInit): Promise<number> {
  const call = { method: 'GET', path: '/v1/peers' } as const;
  return ask<{ peers: PeerStatus[] }>(options, init, call, ({ peers }) => formatPeers(peers));
}

export function addPeer(address: string, options: TargetOptions, init: CliInit): Promise<number> {
  const call = { method: 'POST', path: '/v1/peers', body: { address } } as const;
  return ask<PeerStatus>(options, init, call, formatPeer);
}

export function removePeer(
  address: string,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  const call = { method: 'DELETE', path: '/v1/peers', body: { address } } as const;
  return ask<{ removed: string[] }>(options, init, call, ({ removed }) =>
    removed.map((each) => `${each}  is not dialled any more`).join('\n'),
  );
}

export async function forgetPeer(
  peerId: string,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  checkPeerId(peerId);
  const call = { method: 'DELETE', path: '/v1/peers', body: { peerId } } as const;
  return ask<{ removed: string[] }>(options, init, call, ({ removed }) =>
    [`${peerId}  is forgotten`, ...removed.map((each) => `${each}  is not dialled any more`)].join(
      '\n',
    ),
  );
}

/** Fails if a session did, and with a code of its own if sets are not equal. */
export async function sync(
  peerId: string | undefined,
  options: TargetOptions,
  init: CliInit,
): Promise<number> {
  if (peerId !== undefined) checkPeerId(peerId);
  const call = {
    method: 'POST',
    path: '/v1/sync',
    body: { peerId },
    idleMs: SYNC_IDLE_MS,
  } as const;
  return ask<SyncAnswer>(options, init, call, formatSync, ({ equal, sessions }) => {
    if (sessions.some(({ error }) => error !== null)) return EXIT.failure;
    return equal ? EXIT.ok : EXIT.different;
  });
}

function checkPeerId(text: string): void {
  if (parses(peerIdFromString)(text)) return;
  throw usage(`${text} is no peer id: give one such as 12D3KooW..., as "rangemesh peers" shows it`);
}
