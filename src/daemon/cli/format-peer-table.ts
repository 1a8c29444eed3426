import type { PeerStatus } from '../node-api.ts';
import { formatTable, type Screen, shortId, type TableColumn } from './terminal/index.ts';

/** One line for each peer; empty without peers. */
export function formatPeerTable(peers: readonly PeerStatus[], screen: Screen): string {
  return peers.length === 0 ? '' : formatTable(peers, COLUMNS, screen);
}

const COLUMNS: readonly TableColumn<PeerStatus>[] = [
  {
    title: 'PEER',
    cell: ({ peerId }) => peerId ?? 'not reached yet',
    short: ({ peerId }) => (peerId === null ? 'not reached yet' : shortId(peerId)),
  },
  {
    title: 'CONNECTED',
    cell: ({ connected }) => (connected ? 'yes' : 'no'),
    paint: ({ connected }, text, { paint }) => (connected ? text : paint.warn(text)),
  },
  {
    title: 'IN SYNC',
    cell: ({ inSync }) => (inSync ? 'yes' : 'no'),
    paint: ({ inSync }, text, { paint }) => (inSync ? paint.good(text) : paint.warn(text)),
  },
  {
    title: 'TROUBLE',
    cell: ({ standing, lastError, lastSession }) =>
      standing.bannedUntil === null
        ? (lastError?.code ?? lastSession?.error?.code ?? '-')
        : 'PEER_BANNED',
    cut: true,
  },
  {
    title: 'ADDRESS',
    cell: ({ address }) => address ?? '-',
    // The first column has the peer id.
    short: ({ address }) => address?.replace(/\/p2p\/[^/]+$/, '') ?? '-',
    cut: true,
  },
];
