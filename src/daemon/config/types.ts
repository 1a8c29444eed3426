import type {
  AnnounceOptions,
  FetchOptions,
  ReconcileOptions,
  SessionLimits,
} from '../../protocol/options.ts';
import type { IndexOptions, ReplicaLimits, ScrubOptions } from '../../store/options.ts';
import type { DaemonErrorCode } from '../errors.ts';
import type { LogLevel } from '../log/options.ts';
import type { DiscoveryOptions, MeshOptions } from '../mesh/options.ts';
import type { ReplicatorOptions } from '../replicator/options.ts';

/**
 * The whole configuration, checked and complete: paths absolute, sizes in bytes. A key that steers a
 * part has the type and the name of its option.
 */
export interface Config {
  node: {
    /** Where the database, the identity key and the admin token lie. */
    dataDir: string;
  };
  network: {
    /** Part of the protocol ids: nodes of differently named networks never mix. */
    name: string;
    /** Multiaddrs listened on. */
    listen: string[];
    /** Multiaddrs told to peers; empty: tell the addresses listened on. */
    announce: string[];
    /** Multiaddrs dialled, and dialled again when the connection is lost. */
    peers: string[];
    /** Whether connected nodes tell of other nodes, and are told of this node. */
    discovery: boolean;
    mdns: boolean;
  } & Pick<
    MeshOptions,
    | 'maxConnections'
    | 'reservedConnections'
    | 'maxConnectionsPerAddress'
    | 'maxConnectionsPerSubnet'
  > &
    Pick<DiscoveryOptions, 'degree'>;
  access: {
    mode: 'open' | 'list' | 'psk';
    /** Peer ids let in when the mode is `list`. */
    peers: string[];
    /** File with the pre-shared key when the mode is `psk`. */
    pskFile: string | null;
  };
  admin: {
    host: string;
    /** 0 takes any free port. */
    port: number;
    /** File with the bearer token; null: `admin.token` in the data directory. */
    tokenFile: string | null;
    /** Host names accepted in the Host header, besides loopback and the address bound. */
    allowedHosts: string[];
    /** Reading needs the token on loopback too. */
    readToken: boolean;
    /** A Unix domain socket of mode 0600 that needs no token; null: none. */
    socket: string | null;
    /** Files with certificate and private key, in PEM; null: HTTP without TLS. */
    tls: { cert: string | null; key: string | null };
  };
  sync: {
    /** Dialects of sessions; `auto`: native with peers that speak it, commonware with the others. */
    dialect: 'auto' | 'native' | 'commonware';
  } & Pick<
    ReplicatorOptions,
    | 'intervalMs'
    | 'intervalMinMs'
    | 'intervalMaxMs'
    | 'jitter'
    | 'settleMs'
    | 'settleMaxMs'
    | 'silenceMs'
    | 'proveMs'
    | 'catchUpItems'
    | 'sliceItems'
  > &
    Pick<ReconcileOptions, 'frameTimeoutMs' | 'sessionTimeoutMs' | 'maxSessions'> &
    Pick<SessionLimits, 'maxMessageBytes'>;
  fetch: Pick<
    ReplicatorOptions,
    'batchItems' | 'requestsPerPeer' | 'windowBytes' | 'expireAfterMs'
  > &
    Pick<FetchOptions, 'stallTimeoutMs' | 'answerBytes'>;
  push: { enabled: boolean } & Pick<
    AnnounceOptions,
    'batchMs' | 'inlineBytes' | 'maxBytesPerSecond' | 'overloadMs'
  >;
  /** Unlike in the store, a `maxSetBytes` or `maxItems` of 0 is no limit. */
  limits: Pick<ReplicaLimits, 'maxItemBytes' | 'maxSetBytes' | 'maxItems' | 'minFreeBytes'> &
    Pick<ReplicatorOptions, 'publisherBytesPerSecond' | 'peerBytesPerSecond' | 'peerBytesPerDay'>;
  store: Pick<IndexOptions, 'cacheBytes' | 'bufferItems'>;
  scrub: ScrubOptions;
  log: {
    level: LogLevel;
  };
}

/** One value given outside the file, such as `--set network.name=x`. */
export interface Setting {
  /** `section.key`. */
  readonly path: string;
  /** A list may be one string with commas, or several strings. */
  readonly value: string | readonly string[];
  /** The flag or variable, for messages: `--listen`, `RANGEMESH_NETWORK_LISTEN`. */
  readonly source: string;
}

/** Where the value of a key was written. */
export interface ConfigOrigin {
  readonly from: 'default' | 'file' | 'environment' | 'flag';
  /** The file, the variable or the flag; null for a default. */
  readonly source: string | null;
}

/** A key as the configuration in force has it. */
export interface ConfiguredKey {
  readonly value: unknown;
  /** `reload`: a reload brought the value; `call`: a call of the admin endpoint did. */
  readonly from: ConfigOrigin['from'] | 'reload' | 'call';
  /** The file, the variable or the flag; null for a default and for a call. */
  readonly source: string | null;
  /** A reload takes a new value. */
  readonly reloadable: boolean;
}

/** A configuration, and the origin of each key as `section.key`. */
export interface LoadedConfig {
  readonly config: Config;
  readonly origins: ReadonlyMap<string, ConfigOrigin>;
}

/** Where a configuration was read, and can be read again. */
export interface ConfigurationFiles {
  readonly origins: LoadedConfig['origins'];
  /** Rejects with `DaemonError`. */
  read(): Promise<LoadedConfig>;
}

/** A mistake in the configuration. */
export interface Problem {
  readonly code: DaemonErrorCode;
  readonly message: string;
}
