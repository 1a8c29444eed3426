import type { PenaltyIncident } from '../penalties/index.ts';
import type { Declarations } from './declare.ts';

/** What is proved of a connected peer; times in milliseconds since the epoch. */
export interface PeerFigures {
  readonly peer: string;
  readonly inSync: boolean;
  /** Null: never. */
  readonly coversAsOf: number | null;
  readonly equalAsOf: number | null;
  readonly gives: boolean;
  readonly takes: boolean;
  /** Null: it said no time yet. */
  readonly clockOffsetMs: number | null;
}

/** Peers with series of their own: those that are connected longest. */
const MAX_PEERS = 64;

/** The metrics of single peers. */
export interface PeerMetrics {
  update(peers: readonly PeerFigures[], now: number): void;
}

export function peerMetrics(declare: Declarations): PeerMetrics {
  const connected = declare.gauge('peers', 'Connected peers with which sessions are possible.');
  const omitted = declare.gauge(
    'peers_omitted',
    `Peers without series of their own: those above ${MAX_PEERS}.`,
  );
  const lag = declare.gauge(
    'peer_lag_seconds',
    'Age of the last proof that all items of the peer are here.',
    ['peer'],
  );
  const equal = declare.gauge(
    'peer_equal_age_seconds',
    'Age of the last proof that both sets were equal.',
    ['peer'],
  );
  const inSync = declare.gauge('peer_in_sync', '1 while both sets are known to be equal.', [
    'peer',
  ]);
  const clock = declare.gauge(
    'peer_clock_offset_seconds',
    'Seconds that the clock of the peer is ahead of this one, by its own word.',
    ['peer'],
  );
  const oneWay = declare.gauge(
    'peers_one_way',
    'Connected peers that give this node nothing (way gives_nothing), or take nothing of it (takes_nothing).',
    ['way'],
  );
  return {
    update(peers, now) {
      const age = (at: number): number => Math.max(0, now - at) / 1_000;
      for (const gauge of [lag, equal, inSync, clock]) gauge.reset();
      for (const { peer, coversAsOf, equalAsOf, ...known } of peers.slice(0, MAX_PEERS)) {
        inSync.set({ peer }, Number(known.inSync));
        if (coversAsOf !== null) lag.set({ peer }, age(coversAsOf));
        if (equalAsOf !== null) equal.set({ peer }, age(equalAsOf));
        if (known.clockOffsetMs !== null) clock.set({ peer }, known.clockOffsetMs / 1_000);
      }
      oneWay.set({ way: 'gives_nothing' }, peers.filter(({ gives }) => !gives).length);
      oneWay.set({ way: 'takes_nothing' }, peers.filter(({ takes }) => !takes).length);
      connected.set(peers.length);
      omitted.set(Math.max(0, peers.length - MAX_PEERS));
    },
  };
}

/** The metrics of what peers did wrong. */
export interface PenaltyMetrics {
  penalised(incident: PenaltyIncident): void;
  update(banned: number): void;
}

export function penaltyMetrics(declare: Declarations): PenaltyMetrics {
  const penalties = declare.counter(
    'penalties_total',
    'Penalties of peers by code and protocol; the consequences of an incident are not counted.',
    ['code', 'protocol'],
  );
  const banned = declare.gauge('peers_banned', 'Peers that are banned at present.');
  return {
    penalised: ({ code, protocol }) => penalties.inc({ code, protocol }),
    update: (peers) => banned.set(peers),
  };
}
