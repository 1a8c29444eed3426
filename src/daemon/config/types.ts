import type { IndexOptions, ScrubOptions } from '../../store/options.ts';
import type { DaemonErrorCode } from '../errors.ts';
import type { LogLevel } from '../log/options.ts';
import type {
  AccessConfig,
  AdminConfig,
  BudgetsConfig,
  FetchConfig,
  HintsConfig,
  LimitsConfig,
  NetworkConfig,
  PenaltiesConfig,
  PolicyConfig,
  PushConfig,
  QuotasConfig,
  RetentionConfig,
  SyncConfig,
} from './sections/index.ts';

/**
 * The whole configuration, checked and complete: paths absolute, sizes in bytes. A key that steers a
 * part has the type and the name of its option.
 */
export interface Config {
  node: {
    /** Where the database, the identity key and the admin token lie. */
    dataDir: string;
  };
  network: NetworkConfig;
  access: AccessConfig;
  penalties: PenaltiesConfig;
  admin: AdminConfig;
  sync: SyncConfig;
  fetch: FetchConfig;
  push: PushConfig;
  limits: LimitsConfig;
  hints: HintsConfig;
  retention: RetentionConfig;
  budgets: BudgetsConfig;
  policy: PolicyConfig;
  quotas: QuotasConfig;
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
