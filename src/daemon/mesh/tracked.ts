import type { Connection } from '@libp2p/interface';
import type { Cancel } from '../../store/index.ts';

/** How a connection stopped being new. */
export type ConnectionOutcome = 'established' | 'closed' | 'silent';

/** What is known of a connection. */
export interface Tracked {
  readonly connection: Connection;
  readonly outcome: PromiseWithResolvers<ConnectionOutcome>;
  established: boolean;
  /** The peer speaks protocols of this network. */
  ours: boolean;
  /** Sessions are possible. */
  speaks: boolean;
  /** Tells runs of a node apart; null for other programs and older versions. */
  run: string | null;
  cancel: Cancel;
  cancelTwin: Cancel;
}

export function idOf(connection: Connection): string {
  return connection.remotePeer.toString();
}
