import type { Replica } from '../../../store/index.ts';
import type { Budgets } from '../../budgets/index.ts';
import type { Config } from '../../config/index.ts';
import type { QuotaCheck } from '../../guard/index.ts';
import { type Logger, setLogLevel } from '../../logging.ts';
import type { Mesh, PeerRoles } from '../../mesh/index.ts';
import type { Penalties } from '../../penalties/index.ts';
import type { Replicator } from '../../replicator/index.ts';
import type { AcceptedHints, Pruner } from '../../retention/index.ts';
import { replicaLimits, retentionOptions } from '../config-options.ts';

/** Takes new values of some keys while the daemon runs. */
export interface Applier {
  /** As `section.key`. */
  readonly keys: readonly string[];
  /** Checks the values against the running node; the result takes them, and cannot fail. */
  prepare(config: Config): () => void;
}

interface AppliersInit {
  mesh: Pick<Mesh, 'connections' | 'dialer' | 'prepareAccess' | 'setInboundLimits'>;
  roles: Pick<PeerRoles, 'prepare'>;
  penalties: Pick<Penalties, 'change'>;
  replica: Pick<Replica, 'setLimits' | 'setScrub'>;
  budgets: Pick<Budgets, 'change'>;
  replicator: {
    readonly rates: Pick<Replicator['rates'], 'change'>;
    readonly fetcher: { readonly guarded: Pick<Replicator['fetcher']['guarded'], 'clear'> };
  };
  accepted: Pick<AcceptedHints, 'change'>;
  pruner: Pick<Pruner, 'change'>;
  quotas: Pick<QuotaCheck, 'change'>;
  /** The root. */
  logger: Logger;
}

/** In the order in which they are applied: the access lists count before a new peer is dialled. */
export function appliersOf({
  mesh,
  roles,
  penalties,
  replica,
  replicator,
  accepted,
  pruner,
  budgets,
  quotas,
  logger,
}: AppliersInit): Applier[] {
  return [
    {
      keys: ['access.peers', 'access.deny', 'access.read', 'access.write'],
      prepare({ access }) {
        const [change, assign] = [mesh.prepareAccess(access), roles.prepare(access)];
        return () => {
          change();
          // All that is under way obeys the old roles.
          for (const peer of assign()) void mesh.connections.close(peer);
        };
      },
    },
    {
      keys: ['penalties.banScore', 'penalties.minPeers'],
      prepare:
        ({ penalties: options }) =>
        () =>
          penalties.change(options),
    },
    {
      keys: ['network.peers'],
      prepare: ({ network }) => mesh.dialer.prepare(network.peers),
    },
    {
      keys: ['network.maxConnectionsPerAddress', 'network.maxConnectionsPerSubnet'],
      prepare({ network: { maxConnectionsPerAddress, maxConnectionsPerSubnet } }) {
        return () => mesh.setInboundLimits({ maxConnectionsPerAddress, maxConnectionsPerSubnet });
      },
    },
    {
      keys: ['limits.maxSetBytes', 'limits.maxItems', 'limits.minFreeBytes'],
      prepare(config) {
        const { maxSetBytes, maxItems, minFreeBytes } = replicaLimits(config);
        return () => replica.setLimits({ maxSetBytes, maxItems, minFreeBytes });
      },
    },
    {
      keys: [
        'limits.publisherBytesPerSecond',
        'limits.peerBytesPerSecond',
        'limits.peerBytesPerDay',
      ],
      prepare({ limits: { publisherBytesPerSecond, peerBytesPerSecond, peerBytesPerDay } }) {
        const rates = { publisherBytesPerSecond, peerBytesPerSecond, peerBytesPerDay };
        return () => replicator.rates.change(rates);
      },
    },
    ...guardAppliers({ replicator, accepted, pruner, budgets, quotas }),
    {
      keys: ['scrub.itemsPerSecond', 'scrub.maxDamagedPerHour'],
      prepare:
        ({ scrub }) =>
        () =>
          replica.setScrub(scrub),
    },
    {
      keys: ['log.level'],
      prepare:
        ({ log }) =>
        () =>
          setLogLevel(logger, log.level),
    },
  ];
}

type GuardParts = Pick<AppliersInit, 'replicator' | 'accepted' | 'pruner' | 'budgets' | 'quotas'>;

/** Bounds on the items that this node takes, and on the rate at which they come and go. */
function guardAppliers(parts: GuardParts): Applier[] {
  const { replicator, accepted, pruner, budgets, quotas } = parts;
  return [
    {
      keys: ['hints.unit', 'hints.maxAhead'],
      prepare:
        ({ hints }) =>
        () =>
          accepted.change(hints),
    },
    {
      keys: ['minHint', 'maxAge', 'maxBytes', 'maxClockGap'].map((key) => `retention.${key}`),
      prepare(config) {
        const options = retentionOptions(config);
        return () => pruner.change(options);
      },
    },
    {
      keys: [
        'budgets.uploadBytesPerSecond',
        'budgets.downloadBytesPerSecond',
        'budgets.peerUploadBytesPerSecond',
        'budgets.peerDownloadBytesPerSecond',
        'budgets.schedule',
      ],
      prepare: (config) => () => budgets.change(config.budgets),
    },
    {
      keys: [
        'quotas.peerItems',
        'quotas.peerBytes',
        'quotas.publisherItems',
        'quotas.publisherBytes',
      ],
      prepare:
        ({ quotas: options }) =>
        () => {
          quotas.change(options);
          // Items that did not fit the old quotas may fit these.
          replicator.fetcher.guarded.clear();
        },
    },
  ];
}
