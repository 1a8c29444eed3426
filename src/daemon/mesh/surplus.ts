import type { Connection } from '@libp2p/interface';
import { Alarm, type Cancel, type Clock } from '../../store/index.ts';

/** Milliseconds between two checks whether a surplus connection has become idle. */
const RECHECK_MS = 1_000;
/** Gossip goes on over the connection that is kept. */
const HOUSEKEEPING = /^\/(ipfs\/(id|id\/push|ping)|meshsub)\//;

export interface SurplusInit {
  /** All established connections to one peer. */
  readonly connections: readonly Connection[];
  /** Whether the side with the lower peer id made the connection. */
  dialledByLower(connection: Connection): boolean;
  readonly clock: Clock;
}

/** Closes idle second connections that this node dialled; both sides keep the same one. */
export function dropSurplus(init: SurplusInit): [Connection, Cancel][] {
  const [keep] = [...init.connections].sort(
    (a, b) =>
      Number(init.dialledByLower(b)) - Number(init.dialledByLower(a)) ||
      a.timeline.open - b.timeline.open,
  );
  return init.connections
    .filter((connection) => connection !== keep && connection.direction === 'outbound')
    .map((connection) => [connection, closeWhenIdle(connection, init.clock)]);
}

function closeWhenIdle(connection: Connection, clock: Clock): Cancel {
  const recheck = new Alarm(clock);
  const check = () => {
    if (connection.streams.some(({ protocol }) => !HOUSEKEEPING.test(protocol)))
      recheck.set(RECHECK_MS, check);
    else connection.close().catch((error: Error) => connection.abort(error));
  };
  recheck.set(RECHECK_MS, check);
  return () => recheck.cancel();
}
