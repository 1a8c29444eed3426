import type { ClockService, Fetch, FetchService, ReconcileService } from '../../protocol/index.ts';
import type { Replica } from '../../store/index.ts';
import type { OpenedPolicy } from '../guard/index.ts';
import type { CountingLogger } from '../logging.ts';
import type { Mesh } from '../mesh/index.ts';
import type { MetricsFigures, PeerFigures, TrafficFigures } from '../metrics/index.ts';
import type { Node } from '../node-api.ts';
import type { Penalties } from '../penalties/index.ts';
import type { Replicator, Statement } from '../replicator/index.ts';
import type { Pruner } from '../retention/index.ts';
import { transferOf } from './transfer.ts';

export interface FiguresInit {
  readonly replica: Replica;
  readonly replicator: Replicator;
  readonly mesh: Pick<Mesh, 'discovery'>;
  readonly penalties: Pick<Penalties, 'bans'>;
  readonly node: Pick<Node, 'verdict'>;
  readonly pruner: Pick<Pruner, 'status'>;
  readonly reconcile: Pick<ReconcileService, 'usedRatios' | 'itemTotals'>;
  readonly fetch: Pick<FetchService, 'usedRatio'> & Pick<Fetch, 'totals'>;
  readonly clocks: Pick<ClockService, 'of'>;
  readonly traffic: TrafficFigures;
  readonly logger: CountingLogger;
  readonly policy: OpenedPolicy | null;
}

/** The figures of a running daemon; none of them looks at the items of the set. */
export function figuresOf(init: FiguresInit): MetricsFigures {
  const { replica, replicator, mesh, penalties, node, pruner } = init;
  const { reconcile, fetch, traffic, logger, policy } = init;
  const { wanted, fetcher, sessions, ownItems } = replicator;
  const { state, lagSeconds } = node.verdict();
  return {
    store: replica.figures(),
    sync: {
      ...{ state, lagSeconds },
      wanted: wanted.size,
      orphans: wanted.orphans,
      requested: wanted.claimed,
      oldestWantSince: wanted.oldestSince,
      refused: fetcher.refused.held,
      catchUpMissing: sessions.catchUp?.missing ?? null,
    },
    peers: peersOf(replicator, init.clocks),
    mesh: mesh.discovery.status,
    retention: pruner.status,
    banned: penalties.bans.length,
    push: ownItems.totals,
    transfer: transferOf(fetch, reconcile),
    traffic,
    losses: logger.losses?.() ?? { leftOut: 0, lost: 0 },
    budgets: { answers: fetch.usedRatio, ...reconcile.usedRatios },
    policy: policy?.check.figures ?? null,
  };
}

function peersOf({ peers, statements }: Replicator, clocks: FiguresInit['clocks']): PeerFigures[] {
  return peers.connectedOnes.map(({ peer }) => {
    const { coversAsOf, equalAsOf } = statements.of(peer);
    return {
      peer,
      inSync: peers.inSync(peer),
      coversAsOf: wholeAt(coversAsOf),
      equalAsOf: wholeAt(equalAsOf),
      ...peers.terms(peer),
      clockOffsetMs: clocks.of(peer)?.offsetMs ?? null,
    };
  });
}

function wholeAt(statement: Statement | null): number | null {
  return statement?.whole === true ? statement.at : null;
}
